-- step create-target (guard: answers 1 when the step is already done)
-- purpose: make the target where it is missing
-- engine: postgres (target)
-- idempotency: idempotent
-- why: create_target: if_missing; a table that is there is not touched, and the next step checks it like any other
SELECT CASE WHEN to_regclass('"d''w;h"."ne""w `$(id)` $dponec$"') IS NULL THEN '0' ELSE '1' END AS done;
