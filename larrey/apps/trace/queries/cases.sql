-- Accesses that a security officer should look at, in a period of whole days. Arrays of the same length describe the
-- professionals who have accounts: families of their names (staff_*), their births (born_*), their streets (street_*), the
-- keys of their own Patients (own_*).
with each_day as materialized (
    select account_id, patient, (at at time zone 'Europe/Paris')::date as day,
        min(at) as first, max(at) as last, count(*) as n, max(place) as place
    from (
        select account_id, patient, at, place from access_audit
        where at >= %(history)s and at < %(until)s and account_id is not null and patient is not null
            and (action in ('open', 'print', 'export', 'write') or (action = 'search' and door <> 'page'))
        union all
        select e.account_id, u.patient, e.at, e.place from access_audit e, unnest(e.patients) u (patient)
        where e.at >= %(history)s and e.at < %(until)s and e.account_id is not null and e.door <> 'page'
            and e.action in ('open', 'search', 'export', 'write')
    ) t
    group by 1, 2, 3
),
seen as materialized (
    select t.*, p.rid, p.id as patient_id, p.secrecy
    from (
        select account_id, patient, min(first) as first, max(last) as last, sum(n) as n, max(place) as place
        from each_day where day >= %(since_day)s group by account_id, patient
    ) t
    join record.resource p on p.type = 'Patient' and p.patient = t.patient
    join access_account a on a.id = t.account_id and a.role <> 'patient'
),
staff as materialized (select * from unnest(%(staff_account)s::bigint[], %(staff_family)s::text[]) f (account_id, family)),
street as materialized (
    select * from unnest(%(street_account)s::bigint[], %(street_postal)s::text[], %(street_name)s::text[]) n (account_id, postal, name)
),
-- Patients who are professionals of the group: by their account, or the same name, first name and birth date.
colleague as materialized (
    select o.account_id, p.rid from unnest(%(own_account)s::bigint[], %(own_key)s::bigint[]) o (account_id, key)
    join record.resource p on p.type = 'Patient' and p.key = o.key
    union
    select b.account_id, p.rid
    from unnest(%(born_account)s::bigint[], %(born_family)s::text[], %(born_given)s::text[], %(born_low)s::timestamptz[])
        b (account_id, family, given, low)
    join record.resource p on p.type = 'Patient' and p.date_low = b.low
    where exists (select from record.string_value v where v.rid = p.rid and v.key = %(family)s and v.value = b.family)
        and exists (select from record.string_value v where v.rid = p.rid and v.key = %(given)s and v.value = b.given)
),
daily as materialized (
    select account_id, day, min(first) as first, max(last) as last, count(*) as n, max(place) as place
    from each_day group by account_id, day
),
found as (
    select 'own' as kind, s.account_id, s.patient_id, '' as subject, s.first, s.last, s.n, s.place
    from seen s where exists (select from colleague c where c.rid = s.rid and c.account_id = s.account_id)
    union all
    select 'colleague', s.account_id, s.patient_id, '', s.first, s.last, s.n, s.place
    from seen s where exists (select from colleague c where c.rid = s.rid and c.account_id <> s.account_id)
    union all
    select 'name', s.account_id, s.patient_id, '', s.first, s.last, s.n, s.place
    from seen s
    where exists (
        select from staff f, record.string_value v
        where f.account_id = s.account_id and v.rid = s.rid and v.key = %(family)s and v.value = f.family)
    union all
    select 'neighbour', s.account_id, s.patient_id, '', s.first, s.last, s.n, s.place
    from seen s
    where exists (
        select from street n, record.string_value z, record.string_value l
        where n.account_id = s.account_id and z.rid = s.rid and z.key = %(postal)s and z.value = n.postal
            and l.rid = s.rid and l.key = %(address)s and position(n.name in l.value) > 0)
    union all
    select 'discreet', s.account_id, s.patient_id, '', s.first, s.last, s.n, s.place
    from seen s where (s.secrecy & %(vip)s) <> 0
    union all
    select 'volume', d.account_id, '', d.day::text, d.first, d.last, d.n, d.place
    from daily d
    join (
        select account_id, percentile_cont(0.5) within group (order by n) as usual, count(*) as days from daily group by account_id
    ) m using (account_id)
    where d.day >= %(since_day)s and d.n >= %(volume_floor)s and m.days >= %(volume_days)s and d.n > %(volume_times)s * m.usual
    union all
    select 'refused', account_id, '', (at at time zone 'Europe/Paris')::date::text, min(at), max(at), count(*), max(place)
    from access_audit
    where at >= %(since)s and at < %(until)s and account_id is not null and action = 'refused'
    group by account_id, (at at time zone 'Europe/Paris')::date
    having count(*) >= %(refused_floor)s
    union all
    select 'glass', g.account_id, g.patient_id, g.id::text, g.at, g.at,
        (select count(*) from access_audit e where e.account_id = g.account_id and e.patient = g.patient and e.at >= g.at
            and e.at <= coalesce(g.ended, g.until) and e.action in ('open', 'print', 'export', 'write')), g.place
    from access_glass g where g.at >= %(since)s and g.at < %(until)s
)
select f.kind, f.account_id, f.patient_id, f.subject, f.first, f.last, f.n::bigint, a.name, a.role, g.reason, g.text, f.place,
    coalesce(g.ended, g.until)
from found f
join access_account a on a.id = f.account_id
left join access_glass g on f.kind = 'glass' and g.id::text = f.subject
where not exists (
    select from trace_decision d
    where d.account_id = f.account_id and d.kind = f.kind and d.patient_id = f.patient_id collate "C" and d.subject = f.subject
        and d.at >= f.last)
    and (%(kind)s::text = '' or f.kind = %(kind)s)
    and (%(after_rank)s::int is null or ((f.kind = 'glass')::int, f.last, f.kind, f.account_id, f.patient_id collate "C", f.subject)
        < (%(after_rank)s::int, %(after_last)s::timestamptz, %(after_kind)s::text, %(after_account)s::bigint,
            %(after_patient)s::text, %(after_subject)s::text))
order by (f.kind = 'glass')::int desc, f.last desc, f.kind desc, f.account_id desc, f.patient_id collate "C" desc, f.subject desc
limit %(limit)s
