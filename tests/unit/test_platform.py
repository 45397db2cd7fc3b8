"""The command on a system that it does not run on. Case 36."""

import subprocess
import sys

# What Python for Windows does not have.
WINDOWS = """
import sys
sys.platform = "win32"
sys.modules |= {"fcntl": None, "termios": None, "pwd": None, "grp": None}
from privreg_values.__main__ import main
main()
"""


def test_windows_is_told_in_one_line_what_is_needed() -> None:
    ended = subprocess.run([sys.executable, "-c", WINDOWS], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "error: privreg-values needs Linux, macOS or WSL; on Windows, run it in WSL\n"
    assert ended.stdout == ""
