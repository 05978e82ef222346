-- One row a release. `position` and `hash` are the journal's head, `observation` is the last observation's id:
-- counters of their own, so that ids are never used again after a prune, and a cut-off tail shows.
create table releases (
  id integer primary key,
  name text not null unique,
  epoch integer not null,
  position integer not null,
  hash text not null,
  observation integer not null
) strict;

-- The journal. `format` is that of `body`, which is the event's canonical JSON: the text that was hashed.
create table events (
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

create table observations (
  release integer not null references releases (id),
  id integer not null,
  kind text not null check (kind in ('fact', 'sample')),
  subject text not null,
  at integer not null,
  body text not null,
  primary key (release, id)
) strict, without rowid;

create index observations_by_subject on observations (release, kind, subject, id);

-- Which fact of a subject is the latest: read whole at each start, and never pruned.
create table latest_facts (
  release integer not null references releases (id),
  subject text not null,
  observation integer not null,
  primary key (release, subject)
) strict, without rowid;
