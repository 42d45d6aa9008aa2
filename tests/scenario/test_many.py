"""sixty tenants, ten of them ill; make check-many takes five hundred

SPDX-License-Identifier: MIT
"""
import resource

import many


def test_ill_tenants_delay_no_other_and_nothing_grows(
        tmp_path, certificates):
    many.run(60, 10, 4, 2, str(tmp_path), certificates)


def test_the_service_may_have_as_many_descriptors_as_the_host_allows(
        cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))
    try:
        service = cefwd.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert service.wait_said("started version="), service.said()
    with open("/proc/%d/limits" % service.process.pid, encoding="ascii") as f:
        row = next(r for r in f if r.startswith("Max open files")).split()
    assert int(row[3]) == int(row[4]) == hard
    assert service.stop() == 0
