/*
 * schema.h - the database, version 1
 *
 * Times of cursors, passes and gaps are ISO 8601 text in UTC with seven
 * fraction digits: legible, and in order when compared as text.  Those of the
 * memory are integers, since there are many: ticks of 100 ns ("updated") and
 * seconds ("seen") since 1970.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_STATE_SCHEMA_H
#define CEFWD_STATE_SCHEMA_H

#define STATE_VERSION 1

/* clang-format off */
static const char state_schema[] =
	"BEGIN;"
	/* A feed and a destination. */
	"CREATE TABLE lane ("
	" id INTEGER PRIMARY KEY,"
	" source TEXT NOT NULL,"
	" tenant TEXT NOT NULL,"
	" destination TEXT NOT NULL,"
	" cursor TEXT,"            /* newest update settled whole */
	" UNIQUE (source, tenant, destination)"
	") STRICT;"
	/* The pass under way: where a restart goes on. */
	"CREATE TABLE pass ("
	" lane INTEGER PRIMARY KEY REFERENCES lane (id),"
	" updated_from TEXT NOT NULL," /* A: it asks for updates from here */
	" server_date TEXT NOT NULL,"  /* Date of its first answer */
	" created_done TEXT,"          /* slices before this are settled */
	" newest TEXT"                 /* newest update seen so far */
	") STRICT;"
	/* What was sent, for as long as the source's "remember". */
	"CREATE TABLE memory ("
	" lane INTEGER NOT NULL,"
	" record TEXT NOT NULL,"   /* the record's id */
	" event TEXT NOT NULL,"    /* the event's key inside it */
	" updated INTEGER NOT NULL,"
	" hash INTEGER NOT NULL,"
	" seen INTEGER NOT NULL,"
	" PRIMARY KEY (lane, record, event)"
	") STRICT, WITHOUT ROWID;"
	/* What could not be fetched, to be tried again. */
	"CREATE TABLE gap ("
	" id INTEGER PRIMARY KEY,"
	" lane INTEGER NOT NULL REFERENCES lane (id),"
	" updated_from TEXT NOT NULL,"
	" created_from TEXT,"
	" created_until TEXT,"
	" reason TEXT NOT NULL,"
	" since TEXT NOT NULL,"    /* when it was found */
	" tried TEXT,"             /* last attempt */
	" tries INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"PRAGMA user_version = 1;"
	"COMMIT;";
/* clang-format on */

#endif /* CEFWD_STATE_SCHEMA_H */
