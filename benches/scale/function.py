"""The handler of benches/events as a Lambda function.

The loop is what AWS's runtime for Python does, without its extras: ask for an event, handle it, say
what came of it. An event of SQS holds several; they are handled at once by as many threads as the
argument says, each with a connection of its own.
"""

import http.client
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "events"))

import handler  # noqa: E402

API = "/2018-06-01/runtime/invocation/"


def widened(threads):
    """Clients with a connection for each thread: they have ten by default."""
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=threads)
    handler.identity_store = boto3.client("identitystore", config=config)
    handler.sagemaker = boto3.client("sagemaker", config=config)


def main(threads):
    pool = None
    if threads > 1:
        from concurrent.futures import ThreadPoolExecutor

        widened(threads)
        pool = ThreadPoolExecutor(threads)
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", API + "next")
        answer = api.getresponse()
        number = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.loads(answer.read())
        events = [json.loads(record["body"]) for record in event["Records"]]
        if pool:
            list(pool.map(lambda one: handler.handler(one, None), events))
        else:
            for one in events:
                handler.handler(one, None)
        api.request("POST", f"{API}{number}/response", json.dumps({"batchItemFailures": []}))
        api.getresponse().read()


main(int(sys.argv[1]))
