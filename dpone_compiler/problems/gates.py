"""Pages of the checks that steps raise inside the engines: DP5xx. SQLSTATE on Postgres, a returned row on ClickHouse."""

from __future__ import annotations

from dpone_compiler.problems.page import Page, run_page

PAGES: tuple[Page, ...] = (
    run_page(
        "DP500",
        "A check without a code of its own failed",
        "A check step of the plan returned a row. Any row is a violation, and the run stops before the next step. Exit code 1.",
        "read the step's file: its header says what it checks.",
    ),
    run_page(
        "DP501",
        "Staging does not hold what the source sent",
        "The count (or the digest) of the staging table differs from that of the extracted stream. The target has not been "
        "touched. Exit code 1.",
        "run again: staging is filled anew. When it comes back, a trigger or a proxy changes rows on the way.",
    ),
    run_page(
        "DP502",
        "The source gave no row",
        "An empty extraction is not success: a broken filter and an empty table look alike, and a full refresh would empty the "
        "target. The target has not been touched. Exit code 1.",
        "when empty is normal, say policies.empty_slice: keep (leave the target) or clear (empty it).",
    ),
    run_page(
        "DP503",
        "NULL in the key",
        "Staged rows have NULL in a key column. NULL equals nothing, so such a row would be inserted again by every run. The "
        "target has not been touched. Exit code 1.",
        "fix the source, choose another key, or say policies.null_keys: skip.",
    ),
    run_page(
        "DP504",
        "A key occurs twice in staging",
        "Two staged rows have one key. Which of them would win depends on the engine's mood. The target has not been touched. "
        "Exit code 1.",
        "complete the key, or say policies.staging_duplicates: latest (the row with the highest cursor wins).",
    ),
    run_page(
        "DP505",
        "Too many partitions",
        "The rows of this run touch more partitions than partition.max_partitions. A wrong time zone or a mass update looks like "
        "this, so it is refused before the first change. Exit code 1.",
        "raise partition.max_partitions when that many are meant, or load in smaller windows.",
    ),
    run_page(
        "DP506",
        "A staged row lies outside of the replaced partitions",
        "Replacing partitions deletes exactly those that were announced. A row of another partition would be added to rows that "
        "stay, and be there twice. The target has not been touched. Exit code 1.",
        "run again; the source changed while it was read. When it comes back, the partition column differs on the two sides.",
    ),
    run_page(
        "DP507",
        "More rows would go than the plan allows",
        "The rows of the target that this run deletes or marks as gone are more than limits.max_delete_rows, or a larger share "
        "than limits.max_delete_ratio. A source that was restored or truncated looks like this. The target is as it was. "
        "Exit code 1.",
        "when that many deletes are meant, raise the limit in the manifest and compile again.",
    ),
    run_page(
        "DP508",
        "NULL in the cursor",
        "Rows of the source have NULL in the cursor column. NULL is in no window, so no run would ever read them, and the target "
        "would lack them in silence. Nothing has been written. Exit code 1.",
        "fill the column, leave the rows out by source.where, or say cursor.nulls: always_read.",
    ),
    run_page(
        "DP509",
        "A text does not fit the code page of its column",
        "A varchar of SQL Server holds the characters of one code page, and would store '?' or a look-alike for any other, without "
        "a word. The batch of rows was refused, so nothing reached the target. A column of another code page than its database's is "
        "refused where the content is not compared (levels keys and counts), for nobody would see what it stores. Exit code 1, or 5.",
        "make the column nvarchar, or convert the text on purpose in the manifest's columns; for another code page say "
        "policies.reconcile: content.",
    ),
    run_page(
        "DP510",
        "The target does not hold what was staged",
        "Reconciliation compared the target with staging after the change: rows are missing, too many, or other ones. On "
        "Postgres the transaction was rolled back and the target is as before; on ClickHouse the watermark was not committed. "
        "Exit code 1, or 5.",
        "look at what else writes to the target (triggers, rules, row security, a TTL, an engine that merges rows), then run "
        "again.",
    ),
    run_page(
        "DP511",
        "The state row is not the one of this run",
        "The commit of the state expects the attempt that this run opened, and found another one. Another run or a state command "
        "came between; the data of this transaction was rolled back where the target can. Exit code 1, or 5.",
        "`dponec state show LOAD`, then run again: it goes on from what the row says.",
    ),
    run_page(
        "DP512",
        "The window of an append is not free",
        "An append on ClickHouse proves itself by counting the target's rows of its window, and found rows there that it has not "
        "moved. Another load or a person writes into the same table and the same window. Nothing was moved. Exit code 5.",
        "give each load a table of its own, or remove the rows, then run again: it goes on from its staging.",
    ),
    run_page(
        "DP513",
        "The history begins in the future",
        "A snapshot says what holds now, and the target has versions that begin later than the instant of this run. Put between "
        "them, today's rows would not be current. Nothing was changed. Exit code 1.",
        "compare the clock of the source with that of whoever wrote these versions; correct their valid_from.",
    ),
    run_page(
        "DP520",
        "A captured change has an unknown operation",
        "The operation column of the change table holds a word that is neither insert, update, delete nor truncate, in any of their "
        "usual spellings. Guessing would delete or keep the wrong rows. The target has not been touched. Exit code 1.",
        "correct the word at the source, or name another operation_column.",
    ),
    run_page(
        "DP514",
        "A staged row lies outside of the scope",
        "A replacement by scope deletes the rows of the scope alone. A staged row outside of it would be added to rows that stay, "
        "and be there twice after the next run. The read and the delete share one scope, so this happens only where source and "
        "target read the same value differently. Nothing has reached the target. Exit code 1.",
        "look at the type of the scope's column on both sides; then run again.",
    ),
    run_page(
        "DP515",
        "An open version of the history has an end",
        "An open version holds NULL in its valid_to. The target has one that is marked as current and ends at a date, as histories of "
        "other tools do with 9999-12-31. The version that follows it would end at that date and not be current, and a key that is gone "
        "would never be closed. Looked at are the keys of this run, or all where missing keys expire. Nothing was changed. Exit code 1.",
        "once, before the history is adopted: `UPDATE … SET valid_to = NULL WHERE is_current`; then run again.",
    ),
    run_page(
        "DP521",
        "The order of captured changes is not known",
        "Two changes of one key have the same sequence, or a change has none. Which of them is the last would be chance. The target "
        "has not been touched. Exit code 1.",
        "name a sequence_column that orders the changes of one key without ties.",
    ),
    run_page(
        "DP522",
        "The source was truncated",
        "A TRUNCATE is among the captured changes, and the manifest does not say that it may empty the target (truncate: fail is the "
        "default). Nothing was applied, and the slot was not advanced. Exit code 1.",
        "say `source.options.cdc.truncate: apply` when the target should follow; otherwise load anew.",
    ),
    run_page(
        "DP523",
        "A value that did not change is not known",
        "Postgres leaves a large value out of an update that does not change it, and neither the changes before nor the target hold "
        "it: the row has just come into the filter, or back into it, it moved from outside into a key that another row had, or "
        "somebody deleted it from the target. Nothing was applied. Exit code 1.",
        "`ALTER TABLE … REPLICA IDENTITY FULL` on the source, so that every change carries the whole old row, and load anew.",
    ),
    run_page(
        "DP524",
        "Values that the target cannot hold",
        "The source has values that would be cut, rounded, clamped or refused in the target's column: a date before 1970 for a "
        "ClickHouse Date, a third decimal for numeric(10,2), NaN for a decimal, NULL for a column that holds none. They were counted "
        "in the snapshot of the extraction, before anything was sent; the message names each column, the number of such values and the "
        "column's policy. Exit code 1.",
        "correct them in the source, widen the target's type, or say for the column `lossy: null` (NULL in their place), "
        "`lossy: clamp` (the nearest value that survives) or `lossy: text` (a target column of text). `dponec types` prints what "
        "each pair of types holds.",
    ),
)
