"""The quickstart with two questions gets two answers, both from the demo's rules: quickstart_test.py QUICKSTART WABOT"""
import os
import subprocess
import sys

quickstart, wabot = sys.argv[1:]


def show(question):
    done = subprocess.run([quickstart, "--once", question], env={**os.environ, "WABOT_BINARY": wabot}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    print(done.stdout)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode} for: {question}")
    return done.stdout


greeting = show('Hello "there", \\ äöü')
hours = show("When are you open?")
for shown, question, answer, other in [(greeting, 'Hello "there", \\ äöü', "How can I help you?", "Monday"), (hours, "When are you open?", "Monday", "How can I help you?")]:
    if question not in shown or shown.count(answer) < 2 or other in shown.replace(question, ""):
        sys.exit(f"expected {question} to be shown, and answered with {answer} both in the store and at the Graph API")
