"""Points of a TAP test.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import re


class Tap:
    def __init__(self):
        self.n = 0

    def say(self, ok, what, detail=""):
        self.n += 1
        print(f"{'ok' if ok else 'not ok'} {self.n} - {what}", flush=True)
        if not ok:
            for line in str(detail).splitlines()[-40:]:
                print(f"# {line}", flush=True)

    def repeat(self, printed):
        """The marked lines of what GIMP printed; True if they came to their end."""
        for line in re.findall(r"@TAP@(.*)", printed):
            point = re.match(r"(not )?ok - (.*)", line)
            if point:
                self.say(not point[1], point[2])
            elif line != "end":
                print(line)
        return "@TAP@end" in printed
