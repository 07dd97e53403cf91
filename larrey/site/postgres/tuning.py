"""PostgreSQL settings for the machine at hand."""

from __future__ import annotations

import os
from pathlib import Path

PORT = 5432
"""The number in the socket's name; nothing listens on the network."""


def tuning(*, durable: bool) -> dict[str, str]:
    """Settings given on the command line, so that they follow the machine and not the day the folder was made."""
    megabytes = _memory() >> 20
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{max(64, min(megabytes // 8, 2048))}MB",
        "effective_cache_size": f"{max(128, megabytes // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, min(megabytes // 16, 512))}MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",  # solid state
        "max_locks_per_transaction": "256",  # partitions times indexes
        "jit": "off",  # short queries; compiling them costs more than they do
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "4GB"}
    return settings


def _memory() -> int:
    """Bytes of memory we may count on: the machine's, or the container's when that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        return total
