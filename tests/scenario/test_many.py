"""sixty tenants, ten of them ill; make check-many takes five hundred

SPDX-License-Identifier: MIT
"""
import many


def test_ill_tenants_delay_no_other_and_nothing_grows(
        tmp_path, certificates):
    many.run(60, 10, 4, 2, str(tmp_path), certificates)
