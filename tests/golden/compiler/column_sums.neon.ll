define internal void @reduce_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v40, %b6 ]
  %v4 = mul nsw i64 %v3, 16
  br label %b5
b5:
  %v7 = phi i64 [ 0, %b1 ], [ %v27, %b5 ]
  %v8 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v17, %b5 ]
  %v9 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v20, %b5 ]
  %v10 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v23, %b5 ]
  %v11 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v26, %b5 ]
  %v12 = mul nsw i64 %v7, 132
  %v13 = getelementptr i8, ptr %a0, i64 %v12
  %v14 = mul nsw i64 %v4, 4
  %v15 = getelementptr i8, ptr %v13, i64 %v14
  %v16 = load <4 x float>, ptr %v15, align 4
  %v17 = fadd <4 x float> %v8, %v16
  %v18 = getelementptr i8, ptr %v15, i64 16
  %v19 = load <4 x float>, ptr %v18, align 4
  %v20 = fadd <4 x float> %v9, %v19
  %v21 = getelementptr i8, ptr %v15, i64 32
  %v22 = load <4 x float>, ptr %v21, align 4
  %v23 = fadd <4 x float> %v10, %v22
  %v24 = getelementptr i8, ptr %v15, i64 48
  %v25 = load <4 x float>, ptr %v24, align 4
  %v26 = fadd <4 x float> %v11, %v25
  %v27 = add nuw nsw i64 %v7, 1
  %v28 = icmp slt i64 %v27, 12
  br i1 %v28, label %b5, label %b6
b6:
  %v29 = mul nsw i64 %v4, 4
  %v30 = getelementptr i8, ptr %a1, i64 %v29
  store <4 x float> %v17, ptr %v30, align 4
  %v31 = mul nsw i64 %v4, 4
  %v32 = getelementptr i8, ptr %a1, i64 %v31
  %v33 = getelementptr i8, ptr %v32, i64 16
  store <4 x float> %v20, ptr %v33, align 4
  %v34 = mul nsw i64 %v4, 4
  %v35 = getelementptr i8, ptr %a1, i64 %v34
  %v36 = getelementptr i8, ptr %v35, i64 32
  store <4 x float> %v23, ptr %v36, align 4
  %v37 = mul nsw i64 %v4, 4
  %v38 = getelementptr i8, ptr %a1, i64 %v37
  %v39 = getelementptr i8, ptr %v38, i64 48
  store <4 x float> %v26, ptr %v39, align 4
  %v40 = add nuw nsw i64 %v3, 1
  %v41 = icmp slt i64 %v40, 2
  br i1 %v41, label %b1, label %b2
b2:
  br label %b42
b42:
  %v44 = phi i64 [ 0, %b2 ], [ %v63, %b42 ]
  %v45 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v53, %b42 ]
  %v46 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v56, %b42 ]
  %v47 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v59, %b42 ]
  %v48 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v62, %b42 ]
  %v49 = mul nsw i64 %v44, 528
  %v50 = getelementptr i8, ptr %a0, i64 %v49
  %v51 = getelementptr i8, ptr %v50, i64 128
  %v52 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v51, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v53 = fadd <4 x float> %v45, %v52
  %v54 = getelementptr i8, ptr %v50, i64 260
  %v55 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v54, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v56 = fadd <4 x float> %v46, %v55
  %v57 = getelementptr i8, ptr %v50, i64 392
  %v58 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v57, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v59 = fadd <4 x float> %v47, %v58
  %v60 = getelementptr i8, ptr %v50, i64 524
  %v61 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v60, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v62 = fadd <4 x float> %v48, %v61
  %v63 = add nuw nsw i64 %v44, 1
  %v64 = icmp slt i64 %v63, 3
  br i1 %v64, label %b42, label %b43
b43:
  %v65 = fadd <4 x float> %v53, %v56
  %v66 = fadd <4 x float> %v59, %v62
  %v67 = fadd <4 x float> %v65, %v66
  %v68 = getelementptr i8, ptr %a1, i64 128
  store <4 x float> %v67, ptr %v68, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1) #1 {
entry:
  call void @reduce_1(ptr %a1, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = load ptr, ptr %table, align 8
  call void @step(ptr %arena, ptr %v1)
  ret void
}

declare <4 x float> @llvm.masked.load.v4f32.p0(ptr, i32, <4 x i1>, <4 x float>)
attributes #0 = { nounwind "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
