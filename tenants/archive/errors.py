"""What an import says of an export it refuses; nothing was changed then."""

from core.errors import InvalidInput


class ArchiveRefused(InvalidInput):
    code = "archive_refused"
    title = "The export is refused"


class FileMissing(ArchiveRefused):
    code = "archive_file_missing"
    title = "A file of the export is missing"


class FileAltered(ArchiveRefused):
    code = "archive_file_altered"
    title = "A file of the export was altered"


class FileExtra(ArchiveRefused):
    code = "archive_file_extra"
    title = "The export holds a file that is not in its manifest"


class SignatureWrong(ArchiveRefused):
    code = "archive_signature_wrong"
    title = "The manifest is not signed by this platform"


class ManifestWrong(ArchiveRefused):
    code = "archive_manifest_wrong"
    title = "The manifest cannot be read"


class OtherVersion(ArchiveRefused):
    code = "archive_other_version"
    title = "The export was made by another version"


class WrongRecipientKey(ArchiveRefused):
    code = "archive_wrong_key"
    title = "The key does not open this export"
