"""The picture: image, boxes, selection, mouse."""
