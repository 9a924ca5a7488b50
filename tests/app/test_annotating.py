"""The lists of classes in hand, after a class is called otherwise or gone, and back."""

from app.annotating import Annotating, Copied


def hand():
    return Annotating(
        label="cat", listed=("cat", "dog"), added=("cow",), recent=("dog", "cat"),
        clipboard=(Copied((0, 0, 1, 1), "cat"), Copied((0, 0, 1, 1), "dog")),
    )  # fmt: skip


def test_another_name_keeps_the_place():
    made = hand()
    made.rename_class("cat", "lion")
    assert made.class_names == (("lion", "dog"), ("cow",), ("dog", "lion"), "lion")
    assert [each.label for each in made.clipboard] == ["lion", "dog"]


def test_of_two_that_become_one_the_first_place_counts():
    made = hand()
    made.rename_class("cow", "dog")
    assert made.class_names == (("cat", "dog"), (), ("dog", "cat"), "cat")
    made.rename_class("cat", "dog")
    assert made.class_names == (("dog",), (), ("dog",), "dog")


def test_one_that_is_gone_is_not_the_class_of_the_next_box():
    made = hand()
    made.rename_class("cat", "")
    assert made.class_names == (("dog",), ("cow",), ("dog",), "dog")
    assert made.clipboard[0].label == "cat"
    made = Annotating(label="cat", added=("cat",))
    made.rename_class("cat", "")
    assert made.class_names == ((), (), (), "")


def test_back_with_what_came_since():
    made = hand()
    names = made.class_names
    made.rename_class("cat", "lion")
    made.listed = (*made.listed, "bat")
    made.use("ant")
    made.bring_names_back(names, "lion", "cat")
    assert made.listed == ("cat", "dog", "bat")
    assert made.added == ("cow", "ant")
    assert made.label == "ant"
    assert [each.label for each in made.clipboard] == ["cat", "dog"]
