"""`serve.deployment` marks a class, and changes nothing."""


def deployment(*arguments, **options):
    """As a decorator, with options or without."""
    if len(arguments) == 1 and not options and isinstance(arguments[0], type):
        return arguments[0]
    return lambda cls: cls
