-- The record. See docs/why/record.md for the reasons and docs/adr/ for the measurements.
create schema record;

-- Current versions. "key" is keys.resource_key(type, id); "rid" is the immutable order of first creation.
create table record.resource (
    rid bigint not null,
    key bigint not null,
    version integer not null,
    type text collate "C" not null,
    id text collate "C" not null,
    patient uuid,                                        -- kit.ids.patient_uuid of the patient it belongs to
    date_low timestamptz not null default '-infinity',   -- the type's clinical date; -infinity: none
    date_high timestamptz not null default '-infinity',  -- half-open: date_low <= t < date_high
    updated timestamptz not null,
    tokens bigint[] not null,                            -- keys.*: tokens, references, uris, exact strings, presence
    refs bigint[] not null,                              -- keys of the local resources it refers to
    body bytea not null                                  -- the JSON that is sent, with meta.versionId and lastUpdated
) partition by list (type);

create sequence record.rid as bigint cache 1;

-- Every change, in order: the history's index and the feed. Bodies of past versions are in record.past.
create table record.change (
    seq bigint generated always as identity,
    xid xid8 not null default pg_current_xact_id(),
    key bigint not null,
    version integer not null,
    type text collate "C" not null,
    id text collate "C" not null,
    patient uuid,
    updated timestamptz not null,
    method "char" not null,                              -- C create, U update, D delete
    actor text not null,
    primary key (seq)
);
create unique index change_version on record.change (key, version);
create index change_type on record.change (type, seq);
create index change_xid on record.change (xid);
create index change_patient on record.change (patient, seq) where patient is not null;

-- Bodies that are no longer current; append-only.
create table record.past (
    key bigint not null,
    version integer not null,
    body bytea not null,
    primary key (key, version)
);

-- Values that are compared by order. "key" is keys.parameter_key, or one mixed with a composite's token.
create table record.string_value (
    key bigint not null,
    value text collate "C" not null,                     -- kit.text.fold of the string, at most 200 characters
    rid bigint not null,
    patient uuid
);
create index string_value_search on record.string_value (key, value, rid);
create index string_value_rid on record.string_value (rid);

create table record.date_value (
    key bigint not null,
    low timestamptz not null,
    high timestamptz not null,
    rid bigint not null,
    patient uuid
);
create index date_value_search on record.date_value (key, low, high, rid);
create index date_value_rid on record.date_value (rid);

create table record.number_value (
    key bigint not null,
    unit bigint not null,                                -- keys.unit_key of the canonical unit; 0 for plain numbers
    low double precision not null,                       -- in the canonical unit; low = high but for ranges
    high double precision not null,
    value double precision not null,                     -- as written
    rid bigint not null,
    patient uuid
);
create index number_value_search on record.number_value (key, unit, low, high, rid);
create index number_value_rid on record.number_value (rid);

-- The distinct display texts of tokens, for ":text".
create table record.label (
    key bigint not null,
    value text collate "C" not null,
    token bigint not null,
    primary key (key, value)
);

-- Large content, once by its SHA-256, in chunks so that it streams.
create table record.blob (
    hash bytea primary key,
    size bigint not null,
    created timestamptz not null default now()
);
create table record.blob_chunk (
    hash bytea not null references record.blob on delete cascade,
    number integer not null,
    data bytea not null,
    primary key (hash, number)
);
alter table record.blob_chunk alter column data set storage external;

-- Feed consumers: what each has seen.
create table record.consumer (
    name text primary key,
    seen pg_snapshot,
    reading pg_snapshot,
    after bigint not null default 0,
    touched timestamptz not null default now()
);

-- Files that "larrey load" has finished.
create table record.loaded (
    digest bytea primary key,
    name text not null,
    resources integer not null,
    finished timestamptz not null default now()
);

-- Big types stand alone; the rest share a partition.
do $$
declare
    big text;
    partition text;
begin
    foreach big in array array['Patient', 'Encounter', 'Observation', 'Condition', 'Procedure', 'DiagnosticReport',
        'DocumentReference', 'MedicationRequest', 'MedicationAdministration', 'Immunization', 'ServiceRequest',
        'Appointment', 'Claim', 'ExplanationOfBenefit', 'Provenance', 'AuditEvent'] loop
        execute format('create table record.%I partition of record.resource for values in (%L)', 'resource_' || lower(big), big);
    end loop;
    create table record.resource_other partition of record.resource default;
    for partition in select inhrelid::regclass::text from pg_inherits where inhparent = 'record.resource'::regclass loop
        execute format('alter table %s alter column tokens set statistics 500, alter column tokens set storage main', partition);
    end loop;
end $$;
create unique index resource_by_key on record.resource (type, key);
create unique index resource_by_rid on record.resource (type, rid);
create index resource_by_patient on record.resource (patient, type, date_low, rid);
create index resource_by_date on record.resource (date_low, rid);
create index resource_by_updated on record.resource (updated, rid);
create index resource_by_tokens on record.resource using gin (tokens) with (fastupdate = off);
