"""`python -m config.demo FOLDER`: the demo's own process, started by `up --demo`.

Both addresses are bound by the launcher, so that they outlive a restart of this process.
"""

import argparse
import asyncio
import json
import socket
from pathlib import Path

from config.demo import imap_server, office, smtp_server
from config.demo.customers import Customers
from config.demo.post import Post


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="DATA/demo")
    parser.add_argument("--imap-fd", type=int, required=True)
    parser.add_argument("--smtp-fd", type=int, required=True)
    parser.add_argument("--url", required=True, help="where Carteria is reached")
    asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> None:
    kept = json.loads((options.folder / "demo.json").read_text())
    post = Post(options.folder / "mail", office.ADDRESSES, office.MAILBOX)
    post.folder(office.MAILBOX).make()
    imap, smtp = (socket.socket(fileno=fd) for fd in (options.imap_fd, options.smtp_fd))
    port = smtp.getsockname()[1]
    await imap_server.serve(imap, post, kept["password"])
    await smtp_server.serve(smtp, post)
    tokens = {one["user"]: one["token"] for one in kept["people"]}
    await Customers(post, port, options.url, tokens).run()


if __name__ == "__main__":
    main()
