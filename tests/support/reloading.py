"""A Weir whose configuration file a test rewrites, and a control socket to reload it."""

import subprocess

from .weir import Weir, binary, environment


def ask(word, path, within=30):
    """`weir status` or `weir reload`, as a shell runs it."""
    command = [binary(), word, "--control", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=within, env=environment(), check=False)


class Reloading(Weir):
    def __init__(self, tmp_path, text="", **more):
        self.control = str(tmp_path / "control")
        super().__init__(self._with_control(text), **more)

    def _with_control(self, text):
        return f'control = "{self.control}"\n' + text

    def ask(self, word):
        return ask(word, self.control)

    def rewrite(self, text):
        return self.write_config(self._with_control(text))

    def reload(self, text):
        """Reloads with a text that Weir accepts, and returns the message."""
        self.rewrite(text)
        answer = self.ask("reload")
        assert answer.returncode == 0 and answer.stdout.startswith("reloaded\n"), answer
        return answer.stdout

    def refuse(self, text):
        """Reloads with a text that Weir refuses, and returns the message."""
        self.rewrite(text)
        answer = self.ask("reload")
        assert answer.returncode == 1 and "the old configuration stays" in answer.stderr, answer
        return answer.stderr
