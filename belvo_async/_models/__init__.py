"""The nouns of Belvo, as frozen values."""

from belvo_async._models._challenges import Challenge, TokenGenerationData
from belvo_async._models._checks import Secretive, is_sendable, read_institution, read_link_id, read_names
from belvo_async._models._enums import AccessMode, ChallengeKind, LinkStatus, OpenEnum
from belvo_async._models._filters import InstitutionFilters, LinkFilters, write_filters
from belvo_async._models._institutions import Institution
from belvo_async._models._links import AcceptedRequest, Link
from belvo_async._models._pages import Page
from belvo_async._models._updates import UPDATE_FIELDS, LinkChanges, LinkRegistration, LinkUpdate

__all__ = [
    "UPDATE_FIELDS",
    "AcceptedRequest",
    "AccessMode",
    "Challenge",
    "ChallengeKind",
    "Institution",
    "InstitutionFilters",
    "Link",
    "LinkChanges",
    "LinkFilters",
    "LinkRegistration",
    "LinkStatus",
    "LinkUpdate",
    "OpenEnum",
    "Page",
    "Secretive",
    "TokenGenerationData",
    "is_sendable",
    "read_institution",
    "read_link_id",
    "read_names",
    "write_filters",
]
