# cef: the dictionary; events to bytes

noinst_LIBRARIES += libcef.a
libcef_a_SOURCES = \
	src/cef/address.c \
	src/cef/cef.h \
	src/cef/cef_priv.h \
	src/cef/dictionary.c \
	src/cef/event.c \
	src/cef/number.c \
	src/cef/text.c \
	src/cef/value.c \
	src/cef/write.c
nodist_libcef_a_SOURCES = src/cef/dictionary.inc

# The dictionary as C tables.  Written beside its name first: an awk that
# fails must not leave half a file.
BUILT_SOURCES += src/cef/dictionary.inc
CLEANFILES += src/cef/dictionary.inc src/cef/dictionary.inc.tmp
EXTRA_DIST += src/cef/dictionary.awk
src/cef/dictionary.inc: $(srcdir)/src/cef/dictionary.awk \
	    $(srcdir)/cef/dictionary.csv
	$(AM_V_GEN)$(MKDIR_P) src/cef && \
	LC_ALL=C $(AWK) -f $(srcdir)/src/cef/dictionary.awk \
	    $(srcdir)/cef/dictionary.csv > $@.tmp && mv $@.tmp $@
src/cef/dictionary.$(OBJEXT): src/cef/dictionary.inc

cefdatadir = $(datadir)/cefwd
dist_cefdata_DATA = cef/dictionary.csv
mapsdir = $(datadir)/cefwd/maps
dist_maps_DATA = \
	cef/defender-alerts-evidence.map \
	cef/defender-alerts.map \
	cef/defender-incidents.map \
	cef/graph-alerts-evidence.map \
	cef/graph-alerts.map \
	cef/graph-incidents.map \
	cef/mcas-siem-agent.map \
	cef/wdatp-siem.map

dist_man_MANS += man/cefwd-map.5

CEF_LIBS = libcef.a $(KEYFILE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/cef_value tests/unit/cef_line
tests_unit_cef_value_SOURCES = tests/unit/cef_value.c
tests_unit_cef_value_LDADD = $(CEF_LIBS) $(CMOCKA_LIBS)
tests_unit_cef_line_SOURCES = tests/unit/cef_line.c
tests_unit_cef_line_LDADD = $(CEF_LIBS) $(CMOCKA_LIBS)
# The test counts allocations.
tests_unit_cef_line_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=calloc,--wrap=realloc,--wrap=reallocarray
endif
