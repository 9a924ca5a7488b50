"""The desktop program: everything that knows of Qt, and the Qt-free view-model it draws."""
