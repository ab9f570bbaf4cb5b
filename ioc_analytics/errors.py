"""What can go wrong, as types: one sentence that names the culprit and what to do."""

__all__ = ["ContractError", "IngestError", "IocError", "LakeError", "NotEnoughData"]


class IocError(Exception):
    """Any failure that a person can act on; the command line prints it as one sentence."""


class ContractError(IocError):
    """A table, column, indicator or frame is not what its contract says."""


class IngestError(IocError):
    """A file cannot be taken in as a whole; nothing of it was stored."""


class LakeError(IocError):
    """The store cannot answer: no such table, version, day or folder."""


class NotEnoughData(IocError):
    """The data at hand cannot answer the question; names what is missing."""
