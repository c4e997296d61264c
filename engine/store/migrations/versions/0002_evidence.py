"""Create the tree over all entries, and its seals."""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
)

from engine.store import append_only
from engine.store.columns import (
    INSTANT_FORM,
    NUMBER,
    WORDS,
    form,
    mark,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # fmt: off
    op.create_table("leaves",
        Column("idx", NUMBER, autoincrement=False, nullable=False),
        Column("case_ref", WORDS, nullable=False),
        Column("n", NUMBER, nullable=False),
        CheckConstraint("idx >= 0", name=op.f("ck_leaves_idx")),
        ForeignKeyConstraint(["case_ref", "n"], ["entries.case_ref", "entries.n"], name=op.f("fk_leaves_case_ref_n")),
        PrimaryKeyConstraint("idx", name=op.f("pk_leaves")),
        UniqueConstraint("case_ref", "n", name=op.f("uq_leaves_case_ref_n")),
        sqlite_strict=True,
    )
    op.create_table("nodes",
        Column("level", NUMBER, autoincrement=False, nullable=False),
        Column("idx", NUMBER, autoincrement=False, nullable=False),
        Column("hash", LargeBinary(), nullable=False),
        CheckConstraint("length(hash) = 32", name=op.f("ck_nodes_hash")),
        PrimaryKeyConstraint("level", "idx", name=op.f("pk_nodes")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table("checkpoints",
        Column("size", NUMBER, autoincrement=False, nullable=False),
        Column("note", WORDS, nullable=False),
        Column("sealed_at", WORDS, nullable=False),
        CheckConstraint(form("sealed_at", INSTANT_FORM), name=op.f("ck_checkpoints_sealed_at")),
        PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
        sqlite_strict=True,
    )
    # fmt: on
    append_only.install(op.get_bind().dialect.name, op.execute, "leaves", "nodes", "checkpoints")
    mark(op.get_bind(), 2)
