# what make install puts beside the program

systemdsystemunit_DATA = dist/cefwd.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = dist/sysusers.d/cefwd.conf
completionsdir = $(datadir)/bash-completion/completions
logrotatedir = $(sysconfdir)/logrotate.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = dist/tmpfiles.d/cefwd.conf
dist_doc_DATA = README.md NEWS.md
dist_man_MANS += man/cefwd.8 man/cefwd-entra.7

# Under the name that both want, which one folder cannot hold twice.
install-data-hook: install-names
install-names:
	$(MKDIR_P) '$(DESTDIR)$(completionsdir)' '$(DESTDIR)$(logrotatedir)'
	$(INSTALL_DATA) $(srcdir)/dist/cefwd.bash-completion \
	    '$(DESTDIR)$(completionsdir)/cefwd'
	$(INSTALL_DATA) $(srcdir)/dist/cefwd.logrotate \
	    '$(DESTDIR)$(logrotatedir)/cefwd'
uninstall-hook: uninstall-names
uninstall-names:
	rm -f '$(DESTDIR)$(completionsdir)/cefwd' \
	    '$(DESTDIR)$(logrotatedir)/cefwd'
.PHONY: install-names uninstall-names

EXTRA_DIST += dist/cefwd.bash-completion dist/cefwd.logrotate
EXTRA_DIST += dist/cefwd.service.in dist/cefwd.spec dist/check-package \
	dist/debian
CLEANFILES += dist/cefwd.service dist/cefwd.service.tmp
dist/cefwd.service: $(srcdir)/dist/cefwd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) dist && sed \
	    -e 's|[@]bindir[@]|$(bindir)|g' \
	    -e 's|[@]sysconfdir[@]|$(sysconfdir)|g' \
	    $(srcdir)/dist/cefwd.service.in > $@.tmp && mv $@.tmp $@

AM_DISTCHECK_CONFIGURE_FLAGS = --enable-werror \
	--with-systemdsystemunitdir='$${prefix}/lib/systemd/system'

# A tarball of the same bytes from the same commit: order, owners, modes and
# times are set.  Out of a tarball, NEWS.md has the time of its commit.
am__tar = $${TAR-tar} -chof - --format=ustar --sort=name --owner=0 --group=0 \
	--numeric-owner --mode=u+rw,go=rX --mtime=@$$( \
	test -n "$$SOURCE_DATE_EPOCH" && echo "$$SOURCE_DATE_EPOCH" || \
	git -C $(srcdir) log -1 --format=%ct 2>/dev/null || \
	stat -c %Y $(srcdir)/NEWS.md) "$$tardir"

# Root, the network and some minutes: no part of check.
.PHONY: check-package
check-package:
	MAKE='$(MAKE)' $(srcdir)/dist/check-package $(srcdir)
