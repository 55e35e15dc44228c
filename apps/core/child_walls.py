"""Walls around a child, from the inside: no network, no processes, no writing, little reading.

Three of them, each for itself, as far as this machine has them: the kernel refuses system calls
(seccomp) and files (Landlock) on Linux, and the interpreter refuses its own ways there anywhere.
Once they stand they cannot be taken down.
"""

import ctypes
import os
import platform
import resource
import sys
import sysconfig
from pathlib import Path

APPS = Path(__file__).resolve().parents[1]
SHARED = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64"),
    *("/usr/share/zoneinfo", "/usr/share/misc", "/usr/share/fonts"),
)

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CLONE_THREAD = 0x10000
_EPERM, _ENOSYS = 1, 38


def stand() -> None:
    """From here on hostile bytes may be read."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        _refuse_files(libc)
        _refuse_calls(libc)
    sys.addaudithook(_refuse)


# ---- the interpreter -----------------------------------------------------------------------------

_REFUSED = ("socket.", "subprocess.", "shutil.", "ftplib.", "http.client.", "urllib.", "smtplib.")
_REFUSED_EVENTS = frozenset(
    "os.exec os.fork os.forkpty os.posix_spawn os.spawn os.startfile os.system os.kill os.killpg"
    " os.link os.symlink os.remove os.rename os.rmdir os.mkdir os.chmod os.chown os.truncate"
    " os.utime os.setxattr os.removexattr signal.pthread_kill pty.spawn syslog.openlog"
    " resource.setrlimit resource.prlimit".split()
)

_LIBRARIES = tuple(f"{sysconfig.get_path(name)}/" for name in ("purelib", "platlib"))


def _readable() -> list[str]:
    """Programs: not the data folder, not the settings, nobody's home."""
    paths = sysconfig.get_paths()
    code = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders = dict.fromkeys([str(APPS), *code, *SHARED])
    return [folder for folder in folders if Path(folder).is_dir()]


_READABLE = tuple(f"{Path(folder).resolve()}/" for folder in _readable())


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        path, _mode, flags = arguments
        if isinstance(flags, int) and flags & _WRITING:
            raise PermissionError("a child writes no files")
        if not _may_read(path):
            raise PermissionError("a child reads programs and nothing else")
    elif event == "ctypes.dlopen":
        if not str(arguments[0]).startswith(_LIBRARIES):
            raise PermissionError("a child loads no libraries from elsewhere")
    elif event in _REFUSED_EVENTS or event.startswith(_REFUSED):
        raise PermissionError(f"a child may not: {event}")


def _may_read(path: object) -> bool:
    """A number is a file that was open before."""
    if not isinstance(path, (str, bytes)):
        return isinstance(path, int)
    return str(Path(os.fsdecode(path)).resolve()).startswith(_READABLE)


# ---- files: Landlock, where the kernel has it ----------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_READ_FILE, _READ_FOLDER, _ALL_RIGHTS = 1 << 2, 1 << 3, (1 << 13) - 1
_BENEATH = 1


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def _refuse_files(libc: ctypes.CDLL) -> None:
    rights = ctypes.c_uint64(_ALL_RIGHTS)
    rules = libc.syscall(_CREATE_RULESET, ctypes.byref(rights), ctypes.sizeof(rights), 0)
    if rules < 0:
        return
    for folder in _readable():
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = _Rule(_READ_FILE | _READ_FOLDER, descriptor)
        libc.syscall(_ADD_RULE, rules, _BENEATH, ctypes.byref(rule), 0)
        os.close(descriptor)
    libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


# ---- system calls: seccomp, where the kernel has it ----------------------------------------------

# Numbers of x86_64 and aarch64 (None: that machine has no such call).
_CALLS: dict[str, tuple[int | None, int | None]] = {
    # network, and other ways to talk to somebody
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "accept4": (288, 242),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_setup": (206, 0),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # other processes
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    # its own limits
    "setrlimit": (160, 164),
    "prlimit64": (302, 261),
    "setitimer": (38, 103),
    "alarm": (37, None),
    # the machine
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # files
    "creat": (85, None),
    "memfd_create": (319, 279),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
}
# Not there at all, so that libc takes the older call, whose arguments can be looked at.
_ABSENT: dict[str, tuple[int | None, int | None]] = {"clone3": (435, 435), "openat2": (437, 437)}
_CLONE, _OPEN, _OPENAT = (56, 220), (2, None), (257, 56)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # the same kernel under other numbers

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


class _Step(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step))]


Steps = list[tuple[int, int, int, int]]


def _refuse_calls(libc: ctypes.CDLL) -> None:
    if platform.machine() not in _MACHINES:
        return
    written = _filter(*_MACHINES[platform.machine()])
    steps = (_Step * len(written))(*(_Step(*step) for step in written))
    program = _Program(len(written), steps)
    libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)


def _filter(machine: int, architecture: int) -> Steps:
    """A program for the kernel: the number of the call stands at 0, the machine at 4."""
    steps: Steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_ANSWER, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), (_ANSWER, 0, 0, _KILL)]
    for numbers, error in [(_CALLS, _EPERM), (_ABSENT, _ENOSYS)]:
        for call in numbers.values():
            steps += _refusal(call[machine], error)
    steps += _by_argument(_CLONE[machine], 0, _CLONE_THREAD, allowed_with=True)
    steps += _by_argument(_OPEN[machine], 1, _WRITING, allowed_with=False)
    steps += _by_argument(_OPENAT[machine], 2, _WRITING, allowed_with=False)
    return [*steps, (_ANSWER, 0, 0, _ALLOW)]


def _refusal(number: int | None, error: int) -> Steps:
    if number is None:
        return []
    return [(_EQUAL, 0, 1, number), (_ANSWER, 0, 0, _ERROR | error)]


def _by_argument(number: int | None, argument: int, bits: int, *, allowed_with: bool) -> Steps:
    """Depends on whether one of BITS is set in an argument (its lower half, at 16 + 8 n)."""
    if number is None:
        return []
    answers = [_ALLOW, _ERROR | _EPERM] if allowed_with else [_ERROR | _EPERM, _ALLOW]
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, 16 + 8 * argument),
        (_ANY_BIT, 0, 1, bits),
        *((_ANSWER, 0, 0, answer) for answer in answers),
    ]
