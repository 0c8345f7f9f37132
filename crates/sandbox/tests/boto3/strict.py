"""boto3 clients that check every answer against botocore's own model of it.

botocore ignores members it does not know and accepts most wrong types, so parsing alone proves
little. Each answer of a JSON service is therefore compared with the model: unknown members, wrong
types, broken patterns and missing required members all fail the test.
"""

import functools
import json
import os
import re
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


class WireError(AssertionError):
    """An answer which does not fit the service model."""


def check(shape, value, path):
    """Compares a JSON value with a botocore shape."""
    kind = shape.type_name
    if kind == "structure":
        expect(isinstance(value, dict), path, value, "an object")
        for name in value:
            expect(name in shape.members, f"{path}.{name}", value[name], "a member of the model")
        for name in shape.required_members:
            expect(name in value, f"{path}.{name}", None, "required")
        for name, member in shape.members.items():
            if name in value:
                check(member, value[name], f"{path}.{name}")
    elif kind == "list":
        expect(isinstance(value, list), path, value, "a list")
        for index, item in enumerate(value):
            check(shape.member, item, f"{path}[{index}]")
    elif kind == "map":
        expect(isinstance(value, dict), path, value, "a map")
        for key, item in value.items():
            check(shape.value, item, f"{path}[{key}]")
    elif kind in ("integer", "long"):
        expect(isinstance(value, int) and not isinstance(value, bool), path, value, "an integer")
    elif kind in ("double", "float", "timestamp"):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        expect(number, path, value, "a number")
    elif kind == "boolean":
        expect(isinstance(value, bool), path, value, "a boolean")
    elif kind == "string":
        check_string(shape, value, path)


def check_string(shape, value, path):
    expect(isinstance(value, str), path, value, "a string")
    if shape.enum:
        expect(value in shape.enum, path, value, f"one of {shape.enum}")
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    expect(len(value) >= least, path, value, f"at least {least} long")
    expect(most is None or len(value) <= most, path, value, f"at most {most} long")
    pattern = shape.metadata.get("pattern")
    # Python's re has no \p classes; those patterns are for free text anyway.
    if pattern and "\\p{" not in pattern:
        expect(re.fullmatch(pattern, value), path, value, f"matching {pattern}")


def expect(condition, path, value, what):
    if not condition:
        raise WireError(f"{path}: {value!r} is not {what}")


def _check_response(response_dict, operation_model, **_):
    protocol = operation_model.service_model.metadata["protocol"]
    if protocol != "json" or response_dict["status_code"] != 200:
        return
    body = response_dict["body"]
    shape = operation_model.output_shape
    version = operation_model.service_model.metadata["jsonVersion"]
    kind = response_dict["headers"]["content-type"]
    expect(kind == f"application/x-amz-json-{version}", "content-type", kind, "the model's")
    if shape is None:
        expect(body == b"", operation_model.name, body, "an empty body")
    else:
        check(shape, json.loads(body), operation_model.name)


@functools.lru_cache(maxsize=None)
def client(service, key=None, token=None, region="eu-west-1"):
    """A client that checks answers; without `key` its credentials come from the environment."""
    session = boto3.Session(
        aws_access_key_id=key,
        aws_secret_access_key="anything" if key else None,
        aws_session_token=token,
        region_name=region,
    )
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    made = session.client(service, config=config)
    made.meta.events.register("before-parse.*", _check_response)
    return made


def refusal(call, **arguments):
    """(HTTP status, code, message) of a call that must be refused."""
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        return (
            answer["ResponseMetadata"]["HTTPStatusCode"],
            answer["Error"]["Code"],
            answer["Error"]["Message"],
        )
    raise AssertionError("the call was not refused")


def error_members(call, **arguments):
    """All members of the error answer of a call that must be refused."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response
    raise AssertionError("the call was not refused")


def admin(path, body=None):
    """A request to the simulator's own interface."""
    data = None if body is None else body.encode()
    request = urllib.request.Request(f"{ENDPOINT}/_sandbox/{path}", data=data)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def advance(seconds):
    admin("advance", json.dumps({"seconds": seconds}))


def faults(yaml):
    admin("faults", yaml)


def get(url):
    """(status, text) of a page."""
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
