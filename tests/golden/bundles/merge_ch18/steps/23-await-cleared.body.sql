-- step await-cleared (body)
-- purpose: wait until the replaced rows have left the disk
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: this server shows them again, beside the new ones, when it restarts before that
ALTER TABLE `dwh`.`orders` DETACH PARTITION ID '000000'
