-- Which blob is the content of which version of a Binary; a version without a row has none.
create table record.binary (
    key bigint not null,
    version integer not null,
    hash bytea not null references record.blob,
    primary key (key, version)
);
create index binary_hash on record.binary (hash);
