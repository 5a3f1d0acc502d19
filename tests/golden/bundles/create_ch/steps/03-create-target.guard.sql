-- step create-target (guard: answers 1 when the step is already done)
-- purpose: make the target where it is missing
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: create_target: if_missing; a table that is there is not touched, and the next step checks it like any other
SELECT if(count() > 0, '1', '0') FROM system.tables WHERE database = 'made' AND name = 'ne`w \'orders'
