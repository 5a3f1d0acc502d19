"""Pages of the codes that `dponec run`, its state and its bundles end with: DP410 to DP448 and DP7xx."""

from __future__ import annotations

from dpone_compiler.problems.page import Page, run_page

PAGES: tuple[Page, ...] = (
    run_page(
        "DP410",
        "The fence was lost",
        "Another run took this load over while this one was silent for longer than its lease. Its token is higher, so the "
        "transaction of this run was rolled back: two runs can never both write. Exit code 5.",
        "look at `dponec state show LOAD`. The other run finishes the attempt; run again only when it has ended.",
    ),
    run_page(
        "DP411",
        "The target is not empty and has no state",
        "The load has never run, and the target already holds rows. Loading on top could duplicate them, replacing them could "
        "destroy what somebody else put there, so the first run is refused before anything changes. Exit code 1.",
        "when the rows are this load's own (a migration), `dponec state adopt LOAD --watermark W`; otherwise empty the table "
        "yourself or load into another one.",
    ),
    run_page(
        "DP412",
        "An unfinished attempt of another plan",
        "A run of an earlier version of this plan stopped after its staging was proved, and the target cannot roll back. Going "
        "on with other steps than the attempt began with could lose or double rows. Exit code 1.",
        "finish it with the bundle that began it (`dponec run` of the old commit), or give it up: `dponec runs abort RUN_ID`.",
    ),
    run_page(
        "DP413",
        "The load is being run by somebody else",
        "A live lease, or the file lock of this host, belongs to another run. Two runs of one load would undo each other's "
        "watermark, so this one ends before it changes anything. Exit code 4.",
        "wait for the other run, or, when its process is gone, for the lease to run out; then the same command again.",
    ),
    run_page(
        "DP414",
        "Another window is frozen",
        "An unfinished attempt has its own window, and `--window` asks for another one. The frozen window is what its staging "
        "holds; changing it would commit a watermark for rows that were never read. Exit code 1.",
        "run without `--window` to finish the attempt, then load the other window.",
    ),
    run_page(
        "DP415",
        "That step cannot be the beginning, or the plan takes no window",
        "`--from` or `--from-stage` names a step whose predecessors are not proved to be done by the target's state row, or one "
        "that the plan does not have. Starting there could publish rows that nobody checked. Or `--window` is given to a plan whose "
        "runs read the source whole, to a backfill, which takes its own slices, or to several bundles at once: it would be a wish "
        "without effect. Exit code 1, or 2 for an unknown step and for `--window`.",
        "run without it: a run finds by itself where to go on, and what to read.",
    ),
    run_page(
        "DP416",
        "There is no state table",
        "The state row lives in the target, and its table is made once by a DBA, never silently by a run. Without it nothing can "
        "say which window was loaded. Or the table is of an older dponec and lacks a column that setup/ names. Exit code 1.",
        "add the columns that it lacks (`target`, `source`: text, without a value), or, where there is no table, have the files under "
        "`setup/` run, or `dponec run BUNDLE --apply-setup` when this role may create tables.",
    ),
    run_page(
        "DP417",
        "An unknown parameter",
        "`--set` names a parameter that this plan does not have. An ignored parameter is a wish without effect, so it is refused. "
        "Exit code 2.",
        "take one of the names in the message, or leave it out.",
    ),
    run_page(
        "DP418",
        "Nothing to resume",
        "The run that was named is finished, was never seen by this target, or left no journal on this machine. The target's "
        "state row decides, not the journal. Exit code 1.",
        "`dponec state show LOAD` says what the target knows; `dponec run BUNDLE` starts the next run.",
    ),
    run_page(
        "DP419",
        "A fault hook outside of tests",
        "DPONEC_FAULT makes a run fail on purpose and is for dponec's own tests. It is refused unless DPONEC_TESTING=1 is set "
        "too. Exit code 2.",
        "unset DPONEC_FAULT.",
    ),
    run_page(
        "DP420",
        "The table has drifted",
        "A column that this plan uses was dropped, retyped or made NOT NULL, or a table is built in another way, since the "
        "catalog snapshot that the plan was compiled from. The run is refused by name before anything changes. So is what has come "
        "since and would be lost: a column of the target, where rows are copied or inserted again by the plan's columns, and a foreign "
        "key that deletes along, where rows are deleted. Other new columns that may be NULL, new partitions and more rows never refuse. "
        "Exit code 1.",
        "`dponec introspect MANIFEST`, `dponec compile`, review the difference, run the new bundle.",
    ),
    run_page(
        "DP421",
        "The server cannot be reached",
        "The connection could not be opened or was lost. Exit code 4 while nothing had been changed, 5 once the attempt was open.",
        "check host, port and network, then the same command again: it goes on where it stopped.",
    ),
    run_page(
        "DP422",
        "A passing fault of the engine",
        "A deadlock, a lock that was not given in time, or a server without memory or slots. It was tried again twice, with the "
        "whole transaction. Exit code 4, or 5 once the attempt was open.",
        "the same command again; when it comes back, look at who holds the lock and at limits.lock_timeout.",
    ),
    run_page(
        "DP423",
        "Permission is missing",
        "The engine refused a statement for want of a right. `setup/` holds the least rights that source and target need. Exit "
        "code 1, or 5 once the attempt was open.",
        "have the grants under `setup/` run, then the same command again. Where row security would hide rows, the role must be exempt from "
        "it: the table's owner, or BYPASSRLS.",
    ),
    run_page(
        "DP424",
        "The engine refused a statement",
        "The engine gave an error that another try would not cure, such as a constraint or a value out of range. Values of rows "
        "are cut out of its message, since they may be personal data. Exit code 1, or 5 once the attempt was open.",
        "read the step's file under `steps/`; when the data is at fault, correct it at the source and run again.",
    ),
    run_page(
        "DP425",
        "The system refused",
        "A full disk, of the machine that runs dponec or of the engine, a folder without permission, or another error of the operating "
        "system. What was begun is rolled back or made again. "
        "Exit code 4, or 5 once the attempt was open.",
        "cure what the message names, then the same command again.",
    ),
    run_page(
        "DP426",
        "Interrupted",
        "A signal ended the run, or came when it had ended (the message says how), or the process that ran this load ended without an "
        "answer. What was committed stays, and what was not is rolled back or staged again. Exit code 130 or 143.",
        "the same command again: it finishes the unfinished attempt with its own window.",
    ),
    run_page(
        "DP427",
        "The order of loads",
        "`depends_on` goes in a circle, two bundles are of one load, or a load that this one depends on has failed. A dependent "
        "load on stale input would look right and be wrong. Exit code 1.",
        "correct depends_on, or cure the failed load first and run the folder again.",
    ),
    run_page(
        "DP428",
        "The state command had no effect",
        "A condition of the command did not hold: an attempt is unfinished, the new watermark is not lower than the old one, or "
        "the run is not the one in the state row. Nothing was changed. Exit code 1.",
        "`dponec state show LOAD`, then finish or abort the attempt first.",
    ),
    run_page(
        "DP429",
        "No resync for this plan",
        "A resync loads named partitions again, and this plan's strategy does not work by partitions. Doing something else under "
        "that name would surprise. Exit code 1.",
        "rewind the watermark (`dponec state rewind`) or run a window (`dponec run BUNDLE --window LOW HIGH`).",
    ),
    run_page(
        "DP430",
        "A query did not answer as it must",
        "A step that has to give one row gave none or several, a needed column was missing, or the window could not be frozen "
        "(the source cannot say how far it is complete). Guessing would lose rows. Exit code 1.",
        "read the message: it names what is missing, such as a NULL cursor, an empty watermark or the right to see all sessions.",
    ),
    run_page(
        "DP431",
        "Rows sent and rows taken differ",
        "The source sent another number of rows than the target took. The staging table is thrown away, and the target has not "
        "been touched. Exit code 1.",
        "run again; when it comes back, report it with the receipt: a driver or a proxy drops rows.",
    ),
    run_page(
        "DP432",
        "Too many items",
        "The step works through a list that is only known at run time, and it is longer than the plan allows. It is refused "
        "before the first item, so that a mistake cannot rewrite a whole table. Exit code 1.",
        "raise partition.max_partitions when that many are meant, or load in smaller windows.",
    ),
    run_page(
        "DP433",
        "The lock folder belongs to somebody else",
        "The file lock that keeps two runs of one load apart lives in a folder of another user. Locks in it prove nothing. Exit "
        "code 1.",
        "remove the folder, or set TMPDIR to one of your own.",
    ),
    run_page(
        "DP435",
        "The target is gone, and its state is not",
        "The load may make a missing target, but the state row remembers a watermark, or slices of a backfill, that were loaded into "
        "it. A new table would be filled from there on, and what was loaded before would be missing without a sign. Nothing was made. "
        "Exit code 1.",
        "restore the table; or, to load everything again into a new one, `dponec state set LOAD ''` (for a backfill delete "
        "its rows in dponec_slices), then `dponec run`.",
    ),
    run_page(
        "DP436",
        "Replaced rows could still come back",
        "The new partitions are in, and the server has not yet removed the parts that they replaced from its disk. ClickHouse before "
        "26.6 would show those rows again after a restart, beside the new ones, so the watermark has not moved. A query that has been "
        "reading the old parts for long keeps them, or the table's old_parts_lifetime is longer than the wait. Exit code 5.",
        "the same command again when the long queries have ended: it replaces and waits once more, and commits.",
    ),
    run_page(
        "DP437",
        "Replaced rows may be back",
        "The run to be given up may have replaced partitions on a ClickHouse before 26.6, which shows the replaced rows again when it "
        "restarts before it has removed them. Either the server was started after the staging of the run was proved, and nothing but "
        "the run itself can tell which rows came back; or the replaced parts are still on the disk. Giving up now could leave rows "
        "twice. Nothing was changed. Exit code 1, or 4 while the parts are there.",
        "after a restart `dponec run`: it replaces the partitions once more. Should its proof fail for good: `dponec runs abort RUN_ID "
        "--accept-returned-rows`, then `dponec resync --run-id RUN_ID --partition P` for each partition that holds rows of the window, "
        "which loads it again from the source; where the plan has no resync, `dponec state set LOAD ''` and `dponec run` read all keys.",
    ),
    run_page(
        "DP440",
        "The slot has lost changes",
        "The replication slot is gone, was invalidated because the source ran past max_slot_wal_keep_size, belongs to something else, or "
        "has been moved on by another consumer beyond what the target holds; or the source itself went back. Reading on would leave a "
        "gap that nobody sees. Nothing was applied. Exit code 1.",
        "find out who dropped or read the slot. Then begin anew: replay/drop-slot.sql on the source, `dponec state set LOAD ''`, "
        "`dponec run`. The new copy also removes what the source deleted meanwhile.",
    ),
    run_page(
        "DP441",
        "The source does not capture every change",
        "wal_level is not logical, the publication is missing, does not contain the table, filters rows or columns, or leaves out a kind "
        "of change; the source is a standby; or it shows rows of other tables (those that inherit from it, as all rows of a hypertable "
        "do, foreign or unlogged partitions). Changes would be missing without a sign. Nothing was read. Exit code 1.",
        "the message names what to change; setup/postgres_publication_source.sql makes the publication as it must be.",
    ),
    run_page(
        "DP442",
        "A deleted row cannot be told by the load's key",
        "The replica identity of the source table, or of one of its partitions, says which columns of an old row are logged, and it lacks "
        "a column of the key; a captured delete or a moved key would then match nothing in the target. Or no unique index that is not "
        "deferrable lies within the key: two rows may then share it until the commit, and the last change of the key may be the delete of "
        "the other one. Exit code 1.",
        "add a primary key or a unique index with those columns that is not deferrable, or `ALTER TABLE … REPLICA IDENTITY FULL`, on each "
        "partition too: the table's own setting does not reach them.",
    ),
    run_page(
        "DP443",
        "The table changed between two captured changes",
        "The stream tells the table's columns as they were at each change, and they are not those of the plan: a column came, went or has "
        "another type. Changes before and after it mean different things, so none of the window was applied. Exit code 1.",
        "apply what comes before with the `--window` of the message (after `dponec runs abort`), then introspect, compile and review "
        "the new plan, and run it.",
    ),
    run_page(
        "DP444",
        "This window of changes cannot be applied",
        "The first run of a slot copies the table as one snapshot shows it, so it takes no window, and its copy cannot be gone on with "
        "once the snapshot is gone. A window of changes, of a slot or of a change table, begins at the watermark at the latest, or "
        "changes would be left out, and ends there at the earliest, or an older change would overwrite a newer one. Exit code 1.",
        "leave `--window` away; when the staging of a first run was lost, `dponec runs abort RUN_ID` and run again. To apply the changes "
        "of a change table again, `dponec state rewind LOAD LOW` and run: it reads all of them from LOW on.",
    ),
    run_page(
        "DP445",
        "No bound of this cursor",
        "The load's cursor is a wall clock or a date, and the bound that was given (`--window`, the watermark of `dponec state`) says a "
        "time zone. Postgres drops the zone of such a text without a word, so hours of rows would be skipped or read twice. Or a bound "
        "of `--window` is no value of the cursor at all: words such as `now` or `infinity` mean something else tomorrow, and a text that "
        "the engine cannot read would fail in every later run of the attempt. Or the window ends before it begins. Nothing was read. "
        "Exit code 2.",
        "give a number, a day (2026-01-31), or a moment (2026-01-31 13:45:00): of a wall clock what it shows, without a zone; of an "
        "instant with one, or UTC. LOW may be -infinity.",
    ),
    run_page(
        "DP446",
        "A wall clock that goes back",
        "The cursor is a timestamp without time zone, and the source's zone has summer time. In the hour that its clock shows twice, the "
        "second rows lie below the watermark that the first ones have set, so no window would ever read them. Nothing was read. "
        "Exit code 1.",
        "make the cursor `timestamp with time zone`, or say `cursor.lookback` (a merge reads the hour again) or `cursor.lag` of at least "
        "the shift. A database whose zone is UTC is not asked.",
    ),
    run_page(
        "DP447",
        "The window ends beyond the horizon",
        "`--window` ends behind the horizon, or the watermark of `dponec state set` or `adopt` lies there. The horizon is the value below "
        "which no writer of the source can still commit: the oldest open transaction, the clock less cursor.lag, the highest number, the "
        "flushed WAL. Rows from there on may come later; a watermark beyond them would leave them out for ever. Nothing was opened, and "
        "the state is as before. Exit code 1.",
        "the command of the message ends at the horizon; or leave `--window` away. What is committed later comes with the next run.",
    ),
    run_page(
        "DP448",
        "The state speaks of other tables",
        "The state row of this load's name was written for another target, or its watermark for another source or cursor: the manifest "
        "was pointed elsewhere. Going on from that watermark would leave out every row before it, for ever. Nothing was changed. "
        "Exit code 1.",
        "`dponec state show LOAD` names both tables. Another pair of tables is another load: give it a name of its own. When the tables "
        "were only renamed, `dponec state adopt LOAD --watermark W` goes on from W; without one everything is read again.",
    ),
    run_page(
        "DP701",
        "A file of the bundle was changed",
        "The sha256 of a file is not the one in plan.json, or the fingerprint of plan.json is not that of what it says, so it is not "
        "what was reviewed. Nothing was run. Exit code 1.",
        "review the change, make it in the manifest, and compile again.",
    ),
    run_page(
        "DP702",
        "No bundle, or one that cannot be read",
        "The folder has no plan.json, or it is not one of a version that this dponec reads. Nothing was run. Exit code 1.",
        "name the folder that `dponec compile` wrote, or compile the load again with this version.",
    ),
    run_page(
        "DP703",
        "A file of the bundle is missing",
        "plan.json names a file that is not there, or a path out of the bundle. A plan with a hole is not run. Exit code 1.",
        "compile the load again, and commit all its files.",
    ),
)
