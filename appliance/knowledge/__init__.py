"""Knowledge bases: documents in, cited sentences out.

Documents (files and database rows) are the truth; the search index is a cache that is rebuilt from them.
"""
