-- What searches over everybody need; measured on 1.4 million resources, see docs/why/search.md.

-- The order of creation over several types at once; within one type the partition's index serves as well.
drop index record.resource_by_rid;
create unique index resource_by_rid on record.resource (rid, type);

-- "Newest first" and "between these days" over everybody, the latter without a look at the rows themselves, for
-- which the type must be in the index even where a partition has but one.
drop index record.resource_by_date;
create index resource_by_date on record.resource (type, date_low, rid) include (date_high);

-- A quantity without unit is compared as written: with "value" in the index the rows need not be looked at.
drop index record.number_value_search;
create index number_value_search on record.number_value (key, unit, low, high, rid) include (value);
