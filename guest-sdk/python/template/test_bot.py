import unittest

from bot import MyBot

from mesh_bot.testing import TestMesh


class MyBotTest(unittest.TestCase):
    def test_answers_and_counts(self) -> None:
        test = TestMesh(MyBot)
        test.mention("good morning")
        test.restart()
        test.mention("hi", by="Bob")
        self.assertEqual(
            test.replies,
            [
                "Hello Ada, you said: good morning (question 1)",
                "Hello Bob, you said: hi (question 2)",
            ],
        )
