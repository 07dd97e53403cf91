-- What a chart shows first, found without reading the rest: larrey.fhir.shelves says what stands where.
-- Rows of before have neither column; "larrey reindex" gives them theirs.
alter table record.resource
    add column shelf text collate "C",
    add column analyte text collate "C";

create index resource_by_shelf on record.resource (patient, type, shelf, date_low, rid) where shelf is not null;

-- The last values of each analyte and one analyte's curve, whatever else the patient has.
create index observation_by_analyte on record.resource_observation (patient, shelf, analyte, date_low, rid)
    where analyte is not null;
