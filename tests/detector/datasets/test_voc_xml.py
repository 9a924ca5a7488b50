"""XML with the places of its elements; hostile and broken files end in one sentence and are never overwritten."""

import codecs
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.datasets import DatasetError, GroundTruth, read_voc
from detector.datasets.annotation import Annotation
from detector.datasets.splicing import splice
from detector.datasets.voc_store import VocStore
from detector.datasets.voc_xml import file_bytes, parse_xml, space_before, text_changes

PATH = Path("a.xml")
REAL = """\
<annotation verified="yes">
\t<filename>a.jpg</filename>
\t<size><width>100</width><height>80</height><depth>3</depth></size>
\t<!-- one -->
\t<object>
\t\t<name>cat &amp; dog</name>
\t\t<difficult>0</difficult>
\t\t<bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>30</xmax><ymax><![CDATA[40]]></ymax></bndbox>
\t</object>
</annotation>
"""
BOX = "<bndbox><xmin>{}</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"
DEEP = 100_000


def test_where_elements_stand():
    #       0         1         2         3         4
    #       0123456789012345678901234567890123456789012345678
    data = b"<?p?><a x='>'><b/>t<c >1<!-- -->2<d/>3</c ></a>\n"
    root = parse_xml(PATH, data).root
    assert (root.tag, root.start, root.inner, root.close, root.end) == ("a", 5, 14, 43, 47)
    b, c = root.children
    assert (b.start, b.inner, b.close, b.end, b.text) == (14, 18, 18, 18, "")
    assert (c.start, c.inner, c.close, c.end, c.text) == (19, 23, 38, 43, "12")
    assert [each.tag for each in c.children] == ["d"]
    assert root.text == ""
    assert root.find("c") is c
    assert root.find("d") is None
    assert (root.said("c"), root.said("x")) == ("12", "")


def test_levels_below_are_passed_over():
    root = parse_xml(PATH, b"<a><b><c><d>1<e>2<f/></e>3</d></c></b></a>").root
    d = root.children[0].children[0].children[0]
    assert (d.tag, d.text, d.children) == ("d", "1", [])


@pytest.mark.parametrize(
    ("inside", "becomes"),
    [
        ("<t>old</t>", "<t>new</t>"),
        ("<t a='1'> old\n</t>", "<t a='1'> new\n</t>"),
        ("<t/>", "<t>new</t>"),
        ("<t a='/' />", "<t a='/' >new</t>"),
        ("<t></t>", "<t>new</t>"),
        ("<t>  </t>", "<t>new  </t>"),
        ("<t>o<!-- l -->l<?d?>d</t>", "<t>new<!-- l --><?d?></t>"),
        ("<t><!-- <b> --> <![CDATA[o<l>d]]> </t>", "<t><!-- <b> --> new </t>"),
        ("<t>old<b>old</b>old</t>", "<t>new<b>old</b>old</t>"),
        ("<t><b>old</b>old</t>", "<t>new<b>old</b>old</t>"),
    ],
)
def test_text_that_changes(inside, becomes):
    file = parse_xml(PATH, f"<a>{inside}</a>".encode())
    assert splice(file.data, text_changes(file.data, file.root.children[0], "new")) == f"<a>{becomes}</a>".encode()


@pytest.mark.parametrize(
    ("data", "space"),
    [(b"x\r\n\t <", b"\r\n\t "), (b"x\n\n  <", b"\n  "), (b"x\r<", b"\r"), (b"x  <", b"  "), (b"x<", b""), (b"<", b"")],
)
def test_space_before(data, space):
    assert space_before(data, data.index(b"<")) == space


def refused(path: Path) -> str:
    """The one sentence that both readers and the writer say; the file is as it was."""
    before = path.read_bytes()
    sentences = set()
    store, image = VocStore(path.parent), path.with_suffix(".jpg")
    for act in (
        lambda: read_voc(path),
        lambda: store.read(image),
        lambda: store.write(image, (80, 100), Annotation.empty(), None),
    ):
        with pytest.raises(DatasetError) as error:
            act()
        sentences.add(str(error.value))
    assert path.read_bytes() == before
    (sentence,) = sentences
    assert path.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


NESTED = "<a>" * DEEP
HOSTILE = {
    "bomb": (
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><annotation><filename>&b;</filename></annotation>',
        "entity 'a'",
    ),
    "parameter entity": ('<!DOCTYPE a [<!ENTITY % p "x">%p;]><annotation/>', "entity 'p'"),
    "file": ('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><annotation>&f;</annotation>', "entity 'f'"),
    "unparsed entity": (
        '<!DOCTYPE a [<!NOTATION n SYSTEM "n"><!ENTITY f SYSTEM "f" NDATA n>]><annotation/>',
        "entity 'f'",
    ),
    "undefined entity": ("<annotation>&nbsp;</annotation>", "undefined entity"),
    "deep": ("<annotation>" + NESTED, "broken XML at line 1"),
    "deep in a name": (f"<annotation><object><name>{NESTED}", "broken XML"),
    "deep objects": (
        "<annotation>" + "<object>" * DEEP + "</object>" * DEEP + "</annotation>",
        "object 1 has no <name>",
    ),
    "nan": (f"<annotation><object><name>a</name>{BOX.format('nan')}</object></annotation>", "xmin 'nan'"),
    "infinite": (f"<annotation><object><name>a</name>{BOX.format('-Infinity')}</object></annotation>", "no place"),
    "huge": (f"<annotation><object><name>a</name>{BOX.format('9' * 10**6)}</object></annotation>", "no place"),
    "tiny digits": (f"<annotation><object><name>a</name>{BOX.format('0x1')}</object></annotation>", "not a number"),
    "two roots": ("<annotation/><annotation/>", "junk after document element"),
    "no root": ("<!-- nothing -->", "no element found"),
    "prefix": ("<annotation><x:object/></annotation>", "unbound prefix"),
    "namespace": ('<annotation xmlns="urn:x"/>', "its root is <{urn:x}annotation>"),
    "zeros": ("\x00" * 1000, "broken XML"),
    "unknown encoding": ('<?xml version="1.0" encoding="martian"?><annotation/>', "'martian'"),
    "wide encoding": ('<?xml version="1.0" encoding="utf-16"?><annotation/>', "'utf-16'"),
    "no encoding of text": ('<?xml version="1.0" encoding="zip"?><annotation/>', "'zip'"),
    "escapes": ('<?xml version="1.0" encoding="unicode_escape"?><annotation/>', "'unicode_escape'"),
    "utf-7": ('<?xml version="1.0" encoding="utf-7"?><annotation/>', "'utf-7'"),
    "not utf-8": (b"<annotation><filename>\xff</filename></annotation>", "broken XML at line 1, column 23"),
    "not ascii": (b'<?xml version="1.0" encoding="ascii"?><annotation>\xe4</annotation>', "not in its encoding, ascii"),
    "half utf-16": (codecs.BOM_UTF16_LE + "<annotation/>".encode("utf-16-le")[:-1], "not in its encoding, utf-16-le"),
    "lone surrogate": (codecs.BOM_UTF16_LE + b"<\x00\x00\xd8", "not in its encoding"),
    "only a mark": (codecs.BOM_UTF8, "no element found"),
    "idna": ('<?xml version="1.0" encoding="idna"?><annotation/>', "'idna'"),
    "zero in text": ("<annotation>\n<a>\x00</a></annotation>", "line 2, column 4: a zero byte"),
    "utf-32": ("<annotation/>".encode("utf-32"), "broken XML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(tmp_path, name):
    text, words = HOSTILE[name]
    path = tmp_path / "a.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert words in refused(path)


def test_cut_off_anywhere(tmp_path):
    data = REAL.encode()
    path = tmp_path / "a.xml"
    for length in range(data.index(b"</annotation>") + len(b"</annotation>")):
        path.write_bytes(data[:length])
        assert ("is empty" if length == 0 else "broken XML at line") in refused(path)


@pytest.mark.parametrize("inside", ["", "<object><name>a</name>" + BOX.format(1)])
def test_deep_nesting_that_is_sound_survives_a_save(tmp_path, inside):
    deep = NESTED + "</a>" * DEEP
    end = "</object>" if inside else ""
    path = tmp_path / "a.xml"
    path.write_text(f"<annotation>{inside}{deep}{end}</annotation>")
    store, image = VocStore(tmp_path), tmp_path / "a.jpg"
    seen = store.read(image)
    objects = len(seen.annotation.ground_truth)
    assert objects == bool(inside)
    truth = GroundTruth([[5, 2, 3, 4]] * objects, ["a"] * objects)
    store.write(image, (80, 100), Annotation(truth, seen.annotation.records, True), seen)
    assert (
        path.read_text() == f'<annotation verified="yes">{inside.replace("<xmin>1", "<xmin>5")}{deep}{end}</annotation>'
    )


def test_too_large(tmp_path):
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert "no annotation of one image: it has 64 MB" in refused(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.xml")
    with pytest.raises(DatasetError, match="no ordinary file"):
        read_voc(tmp_path / "a.xml")
    with pytest.raises(DatasetError, match="no ordinary file"):
        VocStore(tmp_path).write(tmp_path / "a.jpg", (1, 1), Annotation.empty(), None)


def test_a_folder_and_a_name_that_is_too_long(tmp_path):
    (tmp_path / "a.xml").mkdir()
    with pytest.raises(DatasetError, match="cannot be read"):
        file_bytes(tmp_path / "a.xml")
    with pytest.raises(DatasetError, match="cannot be read"):
        VocStore(tmp_path).read(tmp_path / ("x" * 5000 + ".jpg"))


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
def test_a_name_that_no_encoding_has(tmp_path):
    image = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\x01.png"))
    Image.new("L", (10, 10)).save(image)
    stored = VocStore(tmp_path).write(image, (10, 10), Annotation.empty(), None)
    assert "<filename>bad\ufffd\ufffd.png</filename>" in stored.path.read_text(encoding="utf-8")
    assert VocStore(tmp_path).read(image).annotation is not None


MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("cut"), st.integers(0, 700), st.integers(0, 40)),
        st.tuples(st.just("put"), st.integers(0, 700), st.binary(max_size=4)),
        st.tuples(
            st.just("put"),
            st.integers(0, 700),
            st.sampled_from(
                [
                    *(
                        b"<",
                        b">",
                        b"<object>",
                        b"</object>",
                        b"<name/>",
                        b"&#0;",
                        b"&x;",
                        b"<![CDATA[",
                        b"-->",
                        b"<!--",
                    ),
                    *(b"'", b"nan", b"1e400", b"\xff\xfe", b"\x00", b"<!DOCTYPE a [", b'<?xml encoding="gbk"?>'),
                ]
            ),
        ),
        st.tuples(st.just("copy"), st.integers(0, 700), st.integers(0, 700)),
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, mutations) -> bytes:
    for what, at, how in mutations:
        at = at % (len(data) + 1)
        if what == "cut":
            data = data[:at] + data[at + how :]
        elif what == "put":
            data = data[:at] + how + data[at:]
        else:
            data = data[:at] + data[how : how + 60] + data[at:]
    return data


def or_sentence(act):
    """What it gives, or None where it said one sentence that names the file."""
    try:
        return act()
    except DatasetError as error:
        sentence = str(error)
    assert "a.xml" in sentence
    assert "\n" not in sentence
    return None


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]), MUTATIONS)
@example("utf-8", [("put", 0, b'<?xml version="1.0" encoding="idna"?>')])
@example("utf-8", [("put", 0, b'<?xml version="1.0" encoding="punycode"?>')])
@example("utf-8", [("put", 0, b'<?xml version="1.0" encoding="raw_unicode_escape"?>')])
def test_damaged_files_say_one_sentence_or_are_saved_as_they_say(tmp_path, codec, mutations):
    path = tmp_path / "a.xml"
    before = mutated(REAL.encode(codec), mutations)
    path.write_bytes(before)
    store, image = VocStore(tmp_path), tmp_path / "a.jpg"
    seen = or_sentence(lambda: store.read(image))
    if seen is None:
        assert path.read_bytes() == before
        return
    assert store.write(image, (80, 100), seen.annotation, seen).annotation.says_the_same(seen.annotation)
    assert path.read_bytes() == before
    wanted = Annotation(GroundTruth([[1, 2, 3, 4]], ["x"]), (), True)
    if or_sentence(lambda: store.write(image, (80, 100), wanted, seen)):
        assert store.read(image).annotation.says_the_same(wanted)
    else:  # its encoding does not come back
        assert path.read_bytes() == before


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"<annotation>", b'<?xml version="1.0" encoding="latin-1"?>']))
def test_any_bytes(data, beginning):
    file = or_sentence(lambda: parse_xml(PATH, beginning + data))
    assert file is None or file.comes_back
