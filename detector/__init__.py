"""Faster R-CNN, written out to be read: every stage keeps every row, with the reason for its fate.

Start with `detector/pipeline.py`. Nothing here knows of a window.
"""
