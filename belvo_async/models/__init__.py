"""What Belvo says, as frozen values: tolerant of what is new or odd, and read by nothing but your code.

The rows of each data resource are in a module of their own, such as `belvo_async.models.transactions`, which
is loaded when it is first imported.
"""

from belvo_async._version import publish as _publish
from belvo_async.models._challenges import (
    AwaitingToken,
    Challenge,
    ChallengePhase,
    ParkedChallenge,
    ResumeTarget,
    TokenGenerationData,
)
from belvo_async.models._data_model import NOTHING as _NOTHING  # noqa: F401 - pickles find it here
from belvo_async.models._data_model import DataModel
from belvo_async.models._enums import AccessMode, ChallengeKind, LinkStatus
from belvo_async.models._institutions import Institution
from belvo_async.models._links import AcceptedRequest, Link
from belvo_async.models._pages import Page
from belvo_async.models._pictures import Picture
from belvo_async.models._text_limits import write_line
from belvo_async.models._widget import WidgetToken

__all__ = [
    "AcceptedRequest",
    "AccessMode",
    "AwaitingToken",
    "Challenge",
    "ChallengeKind",
    "ChallengePhase",
    "DataModel",
    "Institution",
    "Link",
    "LinkStatus",
    "Page",
    "ParkedChallenge",
    "Picture",
    "ResumeTarget",
    "TokenGenerationData",
    "WidgetToken",
    "write_line",
]

_publish(globals())
