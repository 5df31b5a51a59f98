#!/usr/bin/env python3
"""An FDSN event service on loopback that behaves as badly as it is told.

    fdsn_server.py PORT_FILE REQUEST_LOG

Writes its port to PORT_FILE and a line per request to REQUEST_LOG. The first folder of a URL says
how it behaves: /cap=50,gzip/fdsnws/event/1/query. The words are the keys of Behaviour.words."""
import gzip
import http.server
import os
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

N_EVENTS = 1237
START = datetime(2020, 1, 1, tzinfo=timezone.utc)
STEP = timedelta(hours=7, minutes=13, seconds=3, microseconds=250000)
TEXT_HEADER = ("#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|"
               "MagType|Magnitude|MagAuthor|EventLocationName|EventType")


class Event:
    def __init__(self, i):
        self.id = f"ev{i:05d}"
        self.time = START + i * STEP
        self.lat = -60 + (i * 37 % 1200) / 10
        self.lon = -180 + (i * 61 % 3600) / 10
        self.depth = i * 3 % 40
        self.mag = None if i % 211 == 210 else 2 + (i * 7 % 30) / 10
        self.kind = "quarry blast" if i % 97 == 96 else "earthquake"

    def text(self):
        mag = "" if self.mag is None else f"{self.mag:.1f}"
        return (f"{self.id}|{self.time:%Y-%m-%dT%H:%M:%S.%f}|{self.lat:.4f}|{self.lon:.4f}|{self.depth}|T|C|C|"
                f"{self.id}|ML|{mag}|T|somewhere|{self.kind}")

    def xml(self):
        mag = "" if self.mag is None else (f'<magnitude publicID="smi:t/{self.id}/m"><mag><value>{self.mag:.1f}</value></mag>'
                                           "<type>ML</type></magnitude>")
        return (f'<event publicID="smi:t/{self.id}?a=1&amp;b=2" catalog:eventid="{self.id}"><type>{self.kind}</type>'
                f'<preferredOriginID>smi:t/{self.id}/o2</preferredOriginID>'
                f'<origin publicID="smi:t/{self.id}/o1"><time><value>1990-01-01T00:00:00</value></time>'
                "<latitude><value>0</value></latitude><longitude><value>0</value></longitude></origin>"
                f'<origin publicID="smi:t/{self.id}/o2"><time><value>{self.time:%Y-%m-%dT%H:%M:%S.%fZ}</value></time>'
                f"<latitude><value>{self.lat:.4f}</value></latitude><longitude><value>{self.lon:.4f}</value></longitude>"
                f"<depth><value>{self.depth * 1000}</value></depth></origin>{mag}</event>")


EVENTS = [Event(i) for i in range(N_EVENTS)]
lock = threading.Lock()
seen = {}  # requests by behaviour


def parse_time(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def words(self, folder):
        out = {}
        for word in folder.split(","):
            key, _, value = word.partition("=")
            out[key] = value
        return out

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, text, **headers):
        body = f"Error {status}: {text}\n\nRequest: {self.path}\n".encode()
        self.reply(status, body, Content_Type="text/plain", **headers)

    def matches(self, q):
        start, end = parse_time(q["starttime"]), parse_time(q["endtime"])
        low = float(q["minmagnitude"]) if "minmagnitude" in q else None
        south, north = float(q.get("minlatitude", "-90")), float(q.get("maxlatitude", "90"))
        west, east = float(q.get("minlongitude", "-180")), float(q.get("maxlongitude", "180"))
        return [e for e in EVENTS
                if start <= e.time <= end and (low is None or (e.mag is not None and e.mag >= low))
                and south <= e.lat <= north and west <= e.lon <= east]

    def page(self, how, q):
        """The events of a page, or None after a refusal."""
        found = self.matches(q)
        offset = int(q.get("offset", "1"))
        limit = int(q.get("limit", "1000000"))
        if "too-many" in how and len(found) > int(how["too-many"]):
            if "as-400" in how:
                self.refuse(400, f"{len(found)} matching events exceeds search limit of {how['too-many']}.")
            else:
                self.refuse(413, "Request Entity Too Large")
            return None
        if "no-offset" in how and "offset" in q:
            self.refuse(400, "Unknown parameter: offset")
            return None
        if "ignore-offset" in how:
            offset = 1
        if "cap" in how:
            limit = min(limit, int(how["cap"]))
        if "overlap" in how and offset > 1:  # events that came in between moved the others
            offset -= 1
        taken = found[offset - 1:offset - 1 + limit]
        if "holes" in how and offset == 1 and len(taken) == limit:
            taken = taken[:7] + taken[10:]
        if "unsorted" in how:
            taken = sorted(taken, key=lambda e: e.id[::-1])
        return taken

    def document(self, q, taken):
        if q.get("format") == "text":
            return ("\n".join([TEXT_HEADER] + [e.text() for e in taken]) + "\n").encode()
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" '
                'xmlns:catalog="http://anss.org/xmlns/catalog/0.1" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">'
                '<eventParameters publicID="smi:t/all">\n' + "\n".join(e.xml() for e in taken)
                + "\n</eventParameters></q:quakeml>\n").encode()

    def send_page(self, how, body):
        kind = how.get("type", "text/plain").replace("-", "/")
        if "gzip" in how:
            if "gzip" not in self.headers.get("Accept-Encoding", ""):
                self.refuse(406, "gzip only")
            else:
                self.reply(200, gzip.compress(body), Content_Type=kind, Content_Encoding="gzip")
        elif "chunked" in how:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(body), 1000):
                part = body[i:i + 1000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.reply(200, body, Content_Type=kind)

    def misbehave(self, how, n, body):
        """Whether the n-th request was answered otherwise."""
        def first(word):
            return word in how and n <= int(how[word] or "1")

        self.close_connection = True
        if first("cut"):  # less than announced
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:len(body) * 2 // 3])
        elif first("cut-open"):  # nothing announced
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body[:-9])
        elif first("reset"):
            self.connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0
        elif first("stall"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:100])
            self.wfile.flush()
            time.sleep(20)
        elif first("garbage"):
            self.reply(200, bytes(range(256)) * 40)
        elif first("html"):
            self.reply(200, b"<!DOCTYPE html><html><title>Sorry</title><p>We are busy</p></html>", Content_Type="text/html")
        elif first("nothing"):
            self.reply(200, b"", Content_Type="text/plain")
        else:
            self.close_connection = False
            return False
        return True

    def fail(self, how, n):
        """Statuses of the first requests: status=503x2,after=1 or after=date."""
        if "status" not in how:
            return False
        status, _, times = how["status"].partition("x")
        if times and n > int(times):
            return False
        headers = {}
        if how.get("after") == "date":
            headers["Retry_After"] = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
        elif "after" in how:
            headers["Retry_After"] = how["after"]
        self.refuse(int(status), how.get("say", "no data found" if status == "404" else "try again").replace("+", " "), **headers)
        return True

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        folder, _, rest = url.path.lstrip("/").partition("/")
        how = self.words(folder)
        with lock:
            n = seen[folder] = seen.get(folder, 0) + 1
            with open(sys.argv[2], "a", encoding="utf-8") as log:
                log.write(f"{self.path} {self.headers.get('User-Agent')}\n")
        if "loop" in how:
            self.reply(302, Location=self.path)
            return
        if "away" in how:
            self.reply(302, Location="file:///etc/passwd")
            return
        if "redirect" in how:
            self.reply(301, Location=self.path.replace("redirect", "plain", 1))
            return
        if rest != "fdsnws/event/1/query":
            self.refuse(404, "Not Found")
            return
        if self.fail(how, n):
            return
        if "hang" in how and n > int(how["hang"]):
            time.sleep(60)
            return
        q = dict(urllib.parse.parse_qsl(url.query))
        taken = self.page(how, q)
        if taken is None:
            return
        body = self.document(q, taken)
        if self.misbehave(how, n, body):
            return
        if not taken:
            self.reply(204)
            return
        self.send_page(how, body)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with open(sys.argv[1] + ".new", "w", encoding="utf-8") as out:
        out.write(str(server.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


main()
