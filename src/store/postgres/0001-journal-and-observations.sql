-- One row a release. `position` and `hash` are the journal's head, `observation` is the last observation's id:
-- counters of their own, under the row's lock, so that both are free of gaps in the order of commits.
-- Names are compared byte by byte, as SQLite does, whatever the database's collation.
create table titrate.releases (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique,
  epoch bigint not null,
  position bigint not null,
  hash text not null,
  observation bigint not null
);

-- The journal. `format` is that of `body`, which is the event's canonical JSON: text, because it is what was hashed,
-- and jsonb would change it.
create table titrate.events (
  release bigint not null references titrate.releases (id),
  position bigint not null,
  stream text collate "C" not null,
  version bigint not null,
  at bigint not null,
  epoch bigint not null,
  observation bigint not null,
  hash text not null,
  format integer not null,
  body text not null,
  primary key (release, position),
  unique (release, stream, version)
);

create table titrate.observations (
  release bigint not null references titrate.releases (id),
  id bigint not null,
  kind text not null check (kind in ('fact', 'sample')),
  subject text collate "C" not null,
  at bigint not null,
  body text not null,
  primary key (release, id)
);

create index observations_by_subject on titrate.observations (release, kind, subject, id);

-- Which fact of a subject is the latest: read whole at each start, and never pruned.
create table titrate.latest_facts (
  release bigint not null references titrate.releases (id),
  subject text collate "C" not null,
  observation bigint not null,
  primary key (release, subject)
);
