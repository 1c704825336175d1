# SPDX-License-Identifier: ISC
"""Those of the toolstack's checks that `make test-arm` tries; Image.gz, which others want, is arm64's alone."""

from toolstack_checks import (  # noqa: F401
    test_console_many_clients_and_after_death,
    test_created_paused,
    test_dmesg,
    test_four_vcpus,
    test_info,
    test_life_of_a_guest,
    test_memory_comes_back,
    test_on_poweroff_destroys,
    test_on_reboot_restarts,
    test_only_dom0_at_first,
    test_overrides_and_check,
    test_pause,
    test_two_guests_at_once,
)
