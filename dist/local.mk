# what make install puts beside the program

systemdsystemunit_DATA = dist/cefwd.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = dist/sysusers.d/cefwd.conf
dist_doc_DATA = README.md NEWS.md
dist_man_MANS += man/cefwd.8 man/cefwd-entra.7

EXTRA_DIST += dist/cefwd.service.in
CLEANFILES += dist/cefwd.service dist/cefwd.service.tmp
dist/cefwd.service: $(srcdir)/dist/cefwd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) dist && sed \
	    -e 's|[@]bindir[@]|$(bindir)|g' \
	    -e 's|[@]sysconfdir[@]|$(sysconfdir)|g' \
	    $(srcdir)/dist/cefwd.service.in > $@.tmp && mv $@.tmp $@

AM_DISTCHECK_CONFIGURE_FLAGS = --enable-werror \
	--with-systemdsystemunitdir='$${prefix}/lib/systemd/system'
