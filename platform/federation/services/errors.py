"""Why single sign-on did not work; the text is for the person at the browser."""

from core.errors import Forbidden, InvalidInput, Unavailable


class SignInRefused(Forbidden):
    """Nobody is logged in."""

    code = "sign_in_refused"
    title = "The login was refused"


class AnswerInvalid(InvalidInput):
    """What came back from the identity provider is not what we asked for, or not its answer."""

    code = "answer_invalid"
    title = "The answer of the identity provider is not valid"


class ProviderDown(Unavailable):
    """The identity provider cannot be reached or answers nonsense."""

    code = "provider_down"
    title = "The identity provider does not answer"
