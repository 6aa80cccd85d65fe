"""Inside GIMP's window: runs the Python that the test drops as files, one after the other, while the window
stays in use, and answers each with a file. Ends when GIMP does, whose end nobody else would tell it.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import itertools
import json
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.environ["UNCLIP_TEST_TOOLS"]))
import gimp_tools

gimp = os.getppid()
folder = os.environ["UNCLIP_TEST_SCRATCH"]
names = dict(vars(gimp_tools))
for number in itertools.count():
    path = os.path.join(folder, f"command-{number}")
    while not os.path.exists(path):
        time.sleep(0.05)
        if os.getppid() != gimp:
            sys.exit()
    command = open(path).read()
    names["answer"] = None
    try:
        exec(command, names)
        reply = {"answer": names["answer"]}
    except Exception:
        reply = {"error": traceback.format_exc()}
    with open(path + ".new", "w") as file:
        json.dump(reply, file, default=repr)
    os.rename(path + ".new", os.path.join(folder, f"reply-{number}"))
