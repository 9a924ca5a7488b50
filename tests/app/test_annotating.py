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
    assert made.class_names[:4] == (("lion", "dog"), ("cow",), ("dog", "lion"), "lion")
    assert [each.label for each in made.clipboard] == ["lion", "dog"]


def test_of_two_that_become_one_the_first_place_counts():
    made = hand()
    made.rename_class("cow", "dog")
    assert made.class_names[:4] == (("cat", "dog"), (), ("dog", "cat"), "cat")
    made.rename_class("cat", "dog")
    assert made.class_names[:4] == (("dog",), (), ("dog",), "dog")


def test_one_that_is_gone_is_not_the_class_of_the_next_box():
    made = hand()
    made.rename_class("cat", "")
    assert made.class_names[:4] == (("dog",), ("cow",), ("dog",), "dog")
    assert made.clipboard[0].label == "cat"
    made = Annotating(label="cat", added=("cat",))
    made.rename_class("cat", "")
    assert made.class_names[:4] == ((), (), (), "")


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


def test_what_was_shown_beside_offered_classes_stays_in_its_order():
    made = Annotating()
    made.offer_detector()
    made.use("zoo")  # before any model is loaded
    made.know_detector(("ant", "dog", "eel"))
    assert made.classes_shown() == ("zoo", "ant", "dog", "eel")
    made.use("bat")
    made.use("dog")
    made.keep_shown()
    made.know_detector(("eel", "fox"))
    assert made.classes_shown() == ("zoo", "dog", "eel", "bat", "fox")


def test_offered_as_the_last_time_until_the_model_is_loaded():
    made = Annotating(listed=("dog", "bat"))
    made.offer_detector(("ant", "dog", "eel", "bat"), ("ant", "eel"))
    assert made.classes_shown() == ("ant", "dog", "eel", "bat")
    assert made.classes() == ("dog", "bat")
    made.know_detector(("ant", "dog", "eel"))
    assert made.classes_shown() == ("ant", "dog", "eel", "bat")


def test_a_class_that_is_renamed_or_gone_keeps_its_place_among_the_offered():
    made = Annotating(detector=("ant", "dog"))
    made.offer_detector()
    for name in ("bat", "dog"):
        made.use(name)
    made.keep_shown()
    names = made.class_names
    made.rename_class("dog", "cow")
    assert made.classes_shown() == ("ant", "cow", "bat", "dog")
    made.bring_names_back(names, "cow", "dog")
    assert made.classes_shown() == ("ant", "dog", "bat")
    made.rename_class("dog", "")
    assert made.classes_shown() == ("ant", "dog", "bat")
    assert made.classes() == ("bat",)
