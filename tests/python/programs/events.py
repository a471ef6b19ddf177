# SPDX-License-Identifier: GPL-2.0-or-later
# Imports of every kind, and audit events: the first time without a hook, the second with one that counts. What is
# imported the program knows; the events of the first time are the second time's.
import importlib
import os
import shutil
import sys
import tempfile
import threading

FILES = {
    "%s_plain.py": "x = 1\n",
    "%s_nests.py": "import %s_inner\nimport %s_inner\n",
    "%s_inner.py": "import sys\n",
    "%s_raises.py": "raise KeyError(1)\n",
    "%s_thread.py": "",
    "%s_whole.py": "",
    "%s_gone.py": "import %s_nowhere\n",
    "%s_pack/__init__.py": "from . import part\n",
    "%s_pack/part.py": "from .deep import leaf\n",
    "%s_pack/deep/__init__.py": "",
    "%s_pack/deep/leaf.py": "",
}
# What is found; 0: the import fails. What the package imports itself while a part of it is imported is found twice.
IMPORTS = {
    "plain": 1, "nests": 1, "inner": 1, "raises": 0, "thread": 1, "gone": 0, "nowhere": 0, "missing": 0,
    "pack": 1, "pack.part": 1, "pack.deep": 1, "pack.deep.leaf": 1, "\u00fcml": 0,
}
TWICE = ("pack.deep", "pack.deep.leaf")
audited = {}
hooked = False
place = tempfile.mkdtemp()


def hook(event, args):
    if hooked:
        audited[event] = audited.get(event, 0) + 1


def _begin_():
    pass


def _end_():
    pass


def prepare(name):
    for file, text in FILES.items():
        path = os.path.join(place, file % name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text.replace("%s", name))


def attempt(statement):
    try:
        exec(statement, {})
    except (ImportError, KeyError):
        pass


def work(name):
    importlib.invalidate_caches()
    for statement in ("import %s_plain", "import %s_plain", "import %s_nests", "import %s_raises", "import %s_gone",
                      "import %s_missing", "import %s_pack.deep.leaf", "from %s_pack import part, deep"):
        attempt(statement.replace("%s", name))
    attempt("import %s_\u00fcml" % name)
    t = threading.Thread(target=attempt, args=("import %s_thread" % name,))
    t.start()
    t.join()
    # Python's own way to import: nothing that C would do.
    importlib.import_module(name + "_whole")
    importlib.import_module("sys")
    importlib.reload(sys.modules[name + "_plain"])
    if hasattr(sys, "audit"):
        for event in ("own.first", "own.second", "own.first"):
            sys.audit(event, name, 1)
        for wrong in ((), (1,)):
            try:
                sys.audit(*wrong)
            except TypeError:
                pass
    compile("1", "<text>", "eval")


def main():
    global hooked
    work("once")
    _end_()
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(hook)
    hooked = True
    _begin_()
    work("twice")
    hooked = False


def events():
    shutil.rmtree(place)
    ret = {("audit", event, ""): 2 * n for event, n in audited.items()}
    for name in ("once", "twice"):
        for module, found in IMPORTS.items():
            ret["import-find-load-start", name + "_" + module, ""] = 1 + (module in TWICE)
            ret["import-find-load-done", name + "_" + module, str(found)] = 1 + (module in TWICE)
    return ret


prepare("once")
prepare("twice")
sys.path.insert(0, place)
importlib.invalidate_caches()
attempt("import nothing_\u00fcml")
