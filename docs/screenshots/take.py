#!/usr/bin/env python3
"""Takes pictures of a run's page with headless Chromium.

    docs/screenshots/take.py PAGE NAME=WIDTHxHEIGHT[,dark][,#SECTION] ...

writes NAME.png beside this script, or where NAME is a path, there. Needs
chromium and chromedriver; pngquant, where it is installed, makes them small.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
]


def main(page, *pictures):
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        port = next(filter(None, (re.search(r"successfully on port (\d+)", line) for line in driver.stdout)))[1]
        with tempfile.TemporaryDirectory() as profile:
            take(f"http://127.0.0.1:{port}", profile, page, pictures)
    finally:
        driver.kill()


def take(driver, profile, page, pictures):
    arguments = [*ARGUMENTS, f"--user-data-dir={profile}"]
    wanted = {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}
    session = driver + "/session/" + post(driver + "/session", {"capabilities": wanted})["sessionId"]
    try:
        for picture in pictures:
            take_one(session, page, picture)
    finally:
        request = urllib.request.Request(session, method="DELETE")
        urllib.request.urlopen(request).close()


def take_one(session, page, picture):
    name, look = picture.split("=", 1)
    size, *options = look.split(",")
    width, height = (int(number) for number in size.split("x"))
    dark = "dark" in options
    section = next((option for option in options if option.startswith("#")), "")

    def chromium(command, **parameters):
        return post(session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    chromium("Emulation.setEmulatedMedia", features=[scheme])
    chromium("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    post(session + "/url", {"url": "about:blank"})
    post(session + "/url", {"url": pathlib.Path(page).resolve().as_uri() + section})
    png = base64.b64decode(chromium("Page.captureScreenshot", format="png")["data"])
    file = pathlib.Path(name if os.sep in name else pathlib.Path(__file__).parent / name).with_suffix(".png")
    file.write_bytes(small(png))
    print(f"{file} {file.stat().st_size} bytes")


def small(png):
    if not shutil.which("pngquant"):
        return png
    return subprocess.run(["pngquant", "--strip", "--quality", "60-95", "-"], input=png, capture_output=True, check=True).stdout


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["value"]


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
