# dictionary.awk - cef/dictionary.csv to the C tables of dictionary.c
#
# Usage: LC_ALL=C awk -f dictionary.awk dictionary.csv
#
# POSIX awk.  A row that the program could not use ends the build.
#
# SPDX-License-Identifier: MIT

function fault(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text | "cat 1>&2"
	failed = 1
	exit 1
}

# Split a line of RFC 4180 into cell[1..n]; returns n.
function cells(line,    n, quoted) {
	for (n = 1; ; n++) {
		quoted = line ~ /^"/
		if (quoted) {
			if (!match(line, /^"([^"]|"")*"/))
				fault("a quote is not closed")
			cell[n] = substr(line, 2, RLENGTH - 2)
			gsub(/""/, "\"", cell[n])
		} else {
			match(line, /^[^,]*/)
			cell[n] = substr(line, 1, RLENGTH)
		}
		line = substr(line, RLENGTH + 1)
		if (line == "")
			return n
		if (line !~ /^,/)
			fault("a comma is missing behind cell " n)
		line = substr(line, 2)
	}
}

function c_string(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}

function one_of(map, value, what) {
	if (!(value in map))
		fault("unknown " what " \"" value "\"")
	return map[value]
}

# Each name, in lower case, leads to one row.
function name_add(name, row) {
	name = tolower(name)
	if (name in row_of && row_of[name] != row)
		fault("the name \"" name "\" is taken by another row")
	if (!(name in row_of))
		names[++n_names] = name
	row_of[name] = row
}

BEGIN {
	type["String"] = "STRING"; type["Integer"] = "INTEGER"
	type["Long"] = "LONG"; type["Floating Point"] = "FLOAT"
	type["Double"] = "FLOAT"; type["Time Stamp"] = "TIME"
	type["IPv4 Address"] = "IPV4"; type["IPv6 Address"] = "IPV6"
	type["IP Address"] = "IP"; type["MAC Address"] = "MAC"
	direction["header"] = "PRODUCER"; direction["producer"] = "PRODUCER"
	direction["consumer"] = "CONSUMER"; direction["both"] = "BOTH"
	version["0.1"] = "false"; version["unlisted"] = "false"
	version["1.2"] = "true"
	overflow["cut"] = "CUT"; overflow["drop"] = "DROP"
	n_rows = n_names = failed = 0
}

{ sub(/\r$/, "") }

FNR == 1 {
	if ($0 != "key,full_name,type,max_length,direction,version," \
	    "overflow,meaning")
		fault("not the columns that dictionary.awk reads")
	next
}

{
	if (cells($0) != 8)
		fault("not 8 cells")
	if (cell[1] !~ /^[A-Za-z0-9_]+$/)
		fault("no CEF key: \"" cell[1] "\"")
	if (cell[4] !~ /^[0-9]*$/)
		fault("no length: \"" cell[4] "\"")
	r = n_rows++
	key[r] = cell[1]
	row_at[cell[1]] = r
	name_add(cell[1], r)
	name_add(cell[2], r)
	body[r] = sprintf("\t  CEF_%s, %d, CEF_%s, CEF_OVERFLOW_%s, %s, %s,",
	    one_of(type, cell[3], "type"), cell[4],
	    one_of(direction, cell[5], "direction"),
	    one_of(overflow, cell[7], "overflow"),
	    cell[5] == "header" ? "true" : "false",
	    one_of(version, cell[6], "version"))
	full[r] = cell[2]
	meaning[r] = cell[8]
}

END {
	if (failed)
		exit 1
	print "/* Made by dictionary.awk from cef/dictionary.csv. */\n"
	print "static const struct cef_key rows[] = {"
	for (r = 0; r < n_rows; r++) {
		owner = key[r]
		is_label = sub(/Label$/, "", owner) && (owner in row_at)
		label = (key[r] "Label") in row_at ? key[r] "Label" : ""
		printf "\t{ %s, %s,\n%s\n\t  %s, %s, %s,\n\t  %s },\n",
		    c_string(key[r]), c_string(full[r]), body[r],
		    is_label ? "true" : "false",
		    is_label ? c_string(owner) : "NULL",
		    label != "" ? c_string(label) : "NULL",
		    c_string(meaning[r])
	}
	print "};\n"
	# Insertion sort: POSIX awk has no other.
	for (i = 2; i <= n_names; i++) {
		name = names[i]
		for (j = i - 1; j > 0 && names[j] "" > name ""; j--)
			names[j + 1] = names[j]
		names[j + 1] = name
	}
	print "static const struct name names[] = {"
	for (i = 1; i <= n_names; i++)
		printf "\t{ %s, %d },\n", c_string(names[i]), row_of[names[i]]
	print "};"
}
