"""SQS, driven with boto3."""

import hashlib
import threading
import unittest

import strict
from strict import advance, refusal


class Queues(unittest.TestCase):
    def setUp(self):
        strict.admin("reset", "{}")
        strict.faults("")
        self.api = strict.client("sqs")
        self.url = self.api.create_queue(
            QueueName="jobs", Attributes={"VisibilityTimeout": "20"}
        )["QueueUrl"]

    def receive(self, **more):
        answer = self.api.receive_message(QueueUrl=self.url, **more)
        return answer.get("Messages", [])

    def counts(self):
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        got = self.api.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return [got[name] for name in names]

    def test_a_message_is_hidden_while_somebody_works_on_it(self):
        self.assertEqual(self.url, f"{strict.ENDPOINT}/111122223333/jobs")
        self.assertEqual(self.api.get_queue_url(QueueName="jobs")["QueueUrl"], self.url)
        sent = self.api.send_message(QueueUrl=self.url, MessageBody="naïve")
        digest = hashlib.md5("naïve".encode()).hexdigest()
        self.assertEqual(sent["MD5OfMessageBody"], digest)
        (first,) = self.receive(AttributeNames=["All"])
        self.assertEqual((first["Body"], first["MD5OfBody"]), ("naïve", digest))
        self.assertEqual(first["MessageId"], sent["MessageId"])
        self.assertEqual(first["Attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(self.receive(), [])
        self.assertEqual(self.counts(), ["0", "1", "0"])
        advance(20)
        (second,) = self.receive(MessageSystemAttributeNames=["ApproximateReceiveCount"])
        self.assertEqual(second["Attributes"], {"ApproximateReceiveCount": "2"})
        # The older receipt no longer deletes.
        self.api.delete_message(QueueUrl=self.url, ReceiptHandle=first["ReceiptHandle"])
        self.assertEqual(self.counts(), ["0", "1", "0"])
        self.api.delete_message(QueueUrl=self.url, ReceiptHandle=second["ReceiptHandle"])
        self.assertEqual(self.counts(), ["0", "0", "0"])

    def test_delays_batches_and_purges(self):
        self.api.send_message(QueueUrl=self.url, MessageBody="late", DelaySeconds=30)
        for body in ["a", "b", "c"]:
            self.api.send_message(QueueUrl=self.url, MessageBody=body)
        self.assertEqual(self.counts(), ["3", "0", "1"])
        got = self.receive(MaxNumberOfMessages=2, VisibilityTimeout=5)
        self.assertEqual([message["Body"] for message in got], ["a", "b"])
        entries = [
            {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
            for i, message in enumerate(got)
        ]
        done = self.api.delete_message_batch(QueueUrl=self.url, Entries=entries)
        self.assertEqual(done["Successful"], [{"Id": "0"}, {"Id": "1"}])
        advance(30)
        bodies = [message["Body"] for message in self.receive(MaxNumberOfMessages=10)]
        self.assertEqual(bodies, ["c", "late"])
        self.api.purge_queue(QueueUrl=self.url)
        advance(20)
        self.assertEqual(self.receive(), [])

    def test_a_long_poll_waits_for_a_message(self):
        def received():
            return strict.admin("state")["calls"].get("sqs:ReceiveMessage", 0)

        before = received()
        self.assertEqual(self.receive(WaitTimeSeconds=1), [])
        got = []
        waiting = threading.Thread(target=lambda: got.extend(self.receive(WaitTimeSeconds=20)))
        waiting.start()
        while received() < before + 2:
            pass
        self.api.send_message(QueueUrl=self.url, MessageBody="at last")
        waiting.join()
        self.assertEqual([message["Body"] for message in got], ["at last"])
        self.assertEqual(received(), before + 2)

    def test_refusals_have_the_codes_of_the_query_protocol(self):
        missing = self.url.replace("jobs", "missing")
        self.assertEqual(
            refusal(self.api.receive_message, QueueUrl=missing),
            (
                400,
                "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist.",
            ),
        )
        with self.assertRaises(self.api.exceptions.QueueDoesNotExist):
            self.api.get_queue_url(QueueName="missing")
        self.assertEqual(
            refusal(
                self.api.create_queue, QueueName="jobs", Attributes={"VisibilityTimeout": "21"}
            )[1],
            "QueueAlreadyExists",
        )
        self.assertEqual(
            refusal(self.receive, MaxNumberOfMessages=11)[1], "InvalidParameterValue"
        )
        other = strict.client("sqs", key="AKIAMEMBEREXAMPLE000")
        self.assertEqual(
            refusal(other.purge_queue, QueueUrl=self.url)[1],
            "AWS.SimpleQueueService.NonExistentQueue",
        )


if __name__ == "__main__":
    unittest.main()
