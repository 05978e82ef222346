CREATE TABLE releases (
  id integer primary key,
  name text not null unique,
  epoch integer not null,
  position integer not null,
  hash text not null,
  observation integer not null
) strict;

CREATE TABLE events (
  release integer not null references releases (id),
  position integer not null,
  stream text not null,
  version integer not null,
  at integer not null,
  epoch integer not null,
  observation integer not null,
  hash text not null,
  format integer not null,
  body text not null,
  primary key (release, position),
  unique (release, stream, version)
) strict, without rowid;

CREATE TABLE observations (
  release integer not null references releases (id),
  id integer not null,
  kind text not null check (kind in ('fact', 'sample')),
  subject text not null,
  at integer not null,
  body text not null,
  primary key (release, id)
) strict, without rowid;

CREATE INDEX observations_by_subject on observations (release, kind, subject, id);

CREATE TABLE latest_facts (
  release integer not null references releases (id),
  subject text not null,
  observation integer not null,
  primary key (release, subject)
) strict, without rowid;
