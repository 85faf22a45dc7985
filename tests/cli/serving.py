"""`lockstep VERB --port 0 ...` as a process that tests can ask."""
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

LOCKSTEP = os.path.join(os.environ["LOCKSTEP_BUILD_DIR"], "cli", "lockstep")


def run(*arguments):
    return subprocess.run([LOCKSTEP, *arguments], capture_output=True, text=True, timeout=60)


class Server:
    """`lockstep VERB --port 0 ...`, ready to be asked."""

    def __init__(self, verb, *arguments):
        self.process = subprocess.Popen([LOCKSTEP, verb, "--port", "0", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline()
        found = re.match(rf"lockstep {verb}: listening on (http://127\.0\.0\.1:(\d+))", self.line)
        if found is None:
            self.process.kill()
            raise AssertionError(f"no such line: {self.line!r} {self.process.communicate()!r}")
        self.url, self.port = found.group(1), int(found.group(2))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def ask(self, method, target, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + target, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self, number=signal.SIGTERM):
        """Sends the signal; returns the exit status and what else was printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + err
