"""Create the tree over all entries, and its seals."""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

from engine.store import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # fmt: off
    op.create_table("leaves",
        Column("idx", Integer(), autoincrement=False, nullable=False),
        Column("case_ref", Text(), nullable=False),
        Column("n", Integer(), nullable=False),
        CheckConstraint("idx >= 0", name=op.f("ck_leaves_idx")),
        ForeignKeyConstraint(["case_ref", "n"], ["entries.case_ref", "entries.n"], name=op.f("fk_leaves_case_ref_n")),
        PrimaryKeyConstraint("idx", name=op.f("pk_leaves")),
        UniqueConstraint("case_ref", "n", name=op.f("uq_leaves_case_ref_n")),
        sqlite_strict=True,
    )
    op.create_table("nodes",
        Column("level", Integer(), autoincrement=False, nullable=False),
        Column("idx", Integer(), autoincrement=False, nullable=False),
        Column("hash", LargeBinary(), nullable=False),
        CheckConstraint("length(hash) = 32", name=op.f("ck_nodes_hash")),
        PrimaryKeyConstraint("level", "idx", name=op.f("pk_nodes")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table("checkpoints",
        Column("size", Integer(), autoincrement=False, nullable=False),
        Column("note", Text(), nullable=False),
        Column("sealed_at", Text(), nullable=False),
        CheckConstraint("sealed_at GLOB '????-??-??T??:??:??.??????Z'", name=op.f("ck_checkpoints_sealed_at")),
        PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
        sqlite_strict=True,
    )
    # fmt: on
    append_only.install(op.execute, "leaves", "nodes", "checkpoints")
    op.execute("PRAGMA user_version = 2")
