-- Who cares for a patient, when and why: what larrey.fhir.care reads in resources. Access is decided on it, see larrey.store.search.policy.
create table record.care (
    patient uuid not null,       -- kit.ids.patient_uuid
    who bigint not null,         -- key of an Organization, Location, Practitioner…; of a broken glass; 0: nobody in particular
    low timestamptz not null,    -- half-open, as the dates of record.resource; 'infinity': as long as it is not said otherwise
    high timestamptz not null,
    ground "char" not null,      -- larrey.fhir.care.Ground; G: broken glass
    key bigint not null,         -- of the resource that says so
    rid bigint                   -- of its row; null for a broken glass, which no resource says
);
create index care_patient on record.care (patient, who, high);
create index care_who on record.care (who, high, patient);
create index care_rid on record.care (rid);
create index care_opposition on record.care (patient) where ground = 'O';

-- Who must not see it: larrey.fhir.secrecy. Past versions keep theirs.
alter table record.resource add column secrecy smallint not null default 0;
-- The encounter a version refers to: that of an encounter is itself.
alter table record.change
    add column secrecy smallint not null default 0,
    add column encounter bigint;
-- Rows of before have none of this; "larrey reindex" gives it to them.
