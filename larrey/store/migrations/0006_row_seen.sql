-- Bit 32 of secrecy, set by larrey.store.write.restriction: the row belongs to a stay in a sensitive unit, or its patient opposes
-- sharing between hospitals. Few rows have it or another bit; for them, and for no others, this is asked row by row.
-- Written as a function so that the statements that ask stay short: planning them would cost more than running them. Its cost is
-- told as next to nothing because hardly any row pays it; told as it is, the planner shuns rows for fear of it.
create function record.row_seen(
    patient_ uuid, key_ bigint, refs_ bigint[], secrecy_ integer, date_ timestamptz, type_ text,
    keys_ bigint[], person_ bigint, glass_ bigint, sensitive_ bigint[], hospital_ bigint[], now_ timestamptz
) returns boolean language plpgsql stable parallel safe cost 1 as $$
begin
    if secrecy_ & 1 = 1 then  -- what the patient keeps for herself
        return false;
    end if;
    if person_ <> 0 and person_ = any(refs_) then  -- she wrote it, or it names her
        return true;
    end if;
    if glass_ <> 0 and exists (
        select from record.care g where g.patient = patient_ and g.who = glass_ and g.ground = 'G' and g.high > now_
    ) then
        return true;
    end if;
    if secrecy_ & 2 = 2 then  -- hidden by the patient
        return false;
    end if;
    if secrecy_ & 32 = 0 then
        return true;
    end if;
    -- Of a stay that led through a sensitive unit, what was made there (a past version has no date to tell); the whole stay for
    -- who had no part in it elsewhere.
    if exists (
        select from record.care s
        where s.patient = patient_ and s.ground = 'E' and s.who = any(sensitive_) and (s.key = key_ or s.key = any(refs_))
            and ((type_ <> 'Encounter' and (date_ is null or (date_ >= s.low and date_ < s.high))) or not exists (
                select from record.care m
                where m.patient = patient_ and m.ground = 'E' and m.key = s.key
                    and m.who = any(keys_) and m.who <> all(sensitive_)))
    ) then
        return false;
    end if;
    -- Of a patient who opposes sharing, the stays of other hospitals.
    return not exists (select from record.care o where o.patient = patient_ and o.ground = 'O') or not exists (
        select from record.care s
        where s.patient = patient_ and s.ground = 'E' and (s.key = key_ or s.key = any(refs_)) and not exists (
            select from record.care m
            where m.patient = patient_ and m.ground = 'E' and m.key = s.key and m.who = any(hospital_))
    );
end $$;

-- A patient's ties are looked up without a look at the rows.
drop index record.care_patient;
create index care_patient on record.care (patient, who, high) include (low, ground);
